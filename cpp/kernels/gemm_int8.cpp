#include <algorithm>
#include <array>
#include <cassert>
#include <tuple>
#include <utility>

#include "../threads.h"
#include "quantization.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

// Bytes of one block of panels: with the rows that stream past it, within a 512 KiB second-level cache.
constexpr int kBlockBytes = 192 * 1024;

constexpr int kVectors = kDotColumns / 4;

// One panel and what its outputs need besides.
struct Panel {
  const int8_t* weights;
  const float* scales;
  const int32_t* sums;
  const float* bias;
  int inputs;   // as many as a row is filled up to
  int columns;  // outputs in use
};

// For a panel that is not full.
[[gnu::noinline]] void store_some(float* out, const float* values, int columns, Store store_as) {
  for (int c = 0; c < columns; c++) out[c] = store_as == Store::accumulate ? out[c] + values[c] : values[c];
}

// One row of a tile, from its sums. Must be inlined: where a row is chosen by a variable, all sums are in
// memory rather than in registers.
[[gnu::always_inline]] inline void store_row(float* out, const i32x4* sums, int32_t zero, float scale,
                                             const Panel& panel, Store store_as) {
  f32x4 values[kVectors];
  for (int v = 0; v < kVectors; v++) {
    const i32x4 centered = sub(sums[v], mul(splat_i32(zero), load_i32(panel.sums + 4 * v)));
    values[v] = add(mul(to_floats(centered), mul(splat(scale), load(panel.scales + 4 * v))),
                    load(panel.bias + 4 * v));
  }
  if (panel.columns < kDotColumns) {
    float all[kDotColumns];
    for (int v = 0; v < kVectors; v++) store(all + 4 * v, values[v]);
    return store_some(out, all, panel.columns, store_as);
  }
  for (int v = 0; v < kVectors; v++) {
    float* to = out + 4 * v;
    store(to, store_as == Store::accumulate ? add(load(to), values[v]) : values[v]);
  }
}

// `Rows` rows of quantized activations against one panel; the first `skipped` are computed but not stored.
// The registers are filled as in gemm.cpp.
template <typename Dots, int Rows>
void tile(float* out, int out_stride, const QuantizedRowsView& a, int row, size_t row_bytes,
          const Panel& panel, int skipped, Store store_as) {
  const dot_input* inputs =
      reinterpret_cast<const dot_input*>(a.values + static_cast<size_t>(row) * row_bytes);
  const size_t stride = row_bytes / sizeof(dot_input);
  const int8_t* weights = panel.weights;
  i32x4 sums[Rows][kVectors];
  for (int r = 0; r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) sums[r][v] = splat_i32(0);
  }
  for (int input = 0; input < panel.inputs; input += Dots::kInputs) {
    typename Dots::Weights columns[kVectors];
    for (int v = 0; v < kVectors; v++) columns[v] = Dots::load_weights(weights + v * 4 * kDotLane);
    weights += kDotColumns * Dots::kInputs;
    for (int r = 0; r < Rows; r++) {
      const typename Dots::Inputs values = Dots::load_inputs(inputs + static_cast<size_t>(r) * stride);
      for (int v = 0; v < kVectors; v++) sums[r][v] = Dots::add(columns[v], values, sums[r][v]);
    }
    inputs += Dots::kInputs;
  }
  const auto store_rows = [&]<int... r>(std::integer_sequence<int, r...>) {
    ((r < skipped
          ? void()
          : store_row(out + r * out_stride, sums[r], a.zeros[row + r], a.scales[row + r], panel, store_as)),
     ...);
  };
  store_rows(std::make_integer_sequence<int, Rows>());
}

// The same rows against the panels of outputs `first` to `end`. The loop is here, so that a tile costs no
// call: with few inputs calls were a tenth of the time.
template <typename Dots, int Rows>
void tiles(float* out, int out_stride, const QuantizedRowsView& a, int row, int skipped,
           const QuantizedView& b, int first, int end, Store store_as) {
  const size_t panel_bytes = quantized_bytes(b.inputs, kDotColumns);
  const size_t row_bytes = quantized_row_bytes(b.inputs);
  out += row * out_stride;
  for (int column = first; column < end; column += kDotColumns) {
    const Panel panel{b.panels + static_cast<size_t>(column / kDotColumns) * panel_bytes,
                      b.scales + column,
                      b.sums + column,
                      b.bias + column,
                      static_cast<int>(panel_bytes) / kDotColumns,
                      std::min(kDotColumns, end - column)};
    tile<Dots, Rows>(out + column, out_stride, a, row, row_bytes, panel, skipped, store_as);
  }
}

using Tiles = void (*)(float*, int, const QuantizedRowsView&, int row, int skipped, const QuantizedView&, int,
                       int, Store);

// A kind of dot products, in tiles of so many rows.
struct Kernel {
  int rows;
  Tiles full;
};

template <typename... Dots>
constexpr auto kernels_of(std::tuple<Dots...>) {
  return std::array{Kernel{Dots::kRows, tiles<Dots, Dots::kRows>}...};
}
constexpr auto kKernels = kernels_of(DotKinds());

// For fewer rows than a tile has. It is little work, so one kind will do: the last, which is usable
// everywhere.
constexpr Tiles kSingle = tiles<std::tuple_element_t<std::tuple_size_v<DotKinds> - 1, DotKinds>, 1>;

const DotOrder usable = usable_dots();

const Kernel& kernel_at(int index) { return kKernels[static_cast<size_t>(usable.kinds[index])]; }

const Kernel* chosen = &kernel_at(0);

// The loops are those of gemm.cpp.
void gemm_blocked(float* out, int out_stride, const QuantizedRowsView& a, int rows, const QuantizedView& b,
                  Store store_as, const Activation* activation, const LowerHalves& low) {
  assert(rows >= 0 && b.inputs > 0 && b.outputs > 0 && a.values && b.panels);
  assert(rows <= 1 || out_stride >= b.outputs);
  const size_t panel_bytes = quantized_bytes(b.inputs, kDotColumns);
  const int block_columns = std::max(1, kBlockBytes / static_cast<int>(panel_bytes)) * kDotColumns;
  const int blocks = ceil_div(b.outputs, block_columns);
  const Kernel& kernel = *chosen;
  const int row_tiles = ceil_div(rows, kernel.rows);
  QuantizedView unbiased = b;
  unbiased.bias = low.no_bias;
  parallel_for(blocks, row_tiles, [&](int block_index, int row_tile) {
    const int block = block_index * block_columns;
    const int end = std::min(block + block_columns, b.outputs);
    const int row = row_tile * kernel.rows;
    const int next = std::min(row + kernel.rows, rows);
    const int first = next - kernel.rows;
    if (first >= 0) {
      // The last tile overlaps the one before it: fewer rows would take a tile of their own.
      kernel.full(out, out_stride, a, first, row - first, b, block, end, store_as);
    } else {
      for (int r = row; r < next; r++) kSingle(out, out_stride, a, r, 0, b, block, end, store_as);
    }
    // Here, while the weights are in the cache.
    for (int r = row; r < std::min(next, low.count); r++) {
      kSingle(out, out_stride, low.rows, r, 0, unbiased, block, end, Store::accumulate);
    }
    if (!activation) return;
    for (int r = row; r < next; r++) {
      activate(out + r * out_stride + block, end - block, *activation, Rounding::portable);
    }
  });
}

}  // namespace

std::vector<std::string> gemm_int8_tiles() {
  std::vector<std::string> names;
  for (int i = 0; i < usable.count; i++) {
    names.push_back(std::to_string(kernel_at(i).rows) + "x" + std::to_string(kDotColumns));
  }
  return names;
}

void use_gemm_int8_tile(int index) {
  assert(index >= 0 && index < usable.count);
  chosen = &kernel_at(index);
}

void try_gemm_int8_tile(int index, int repeats) {
  assert(index >= 0 && index < usable.count);
  // As try_gemm_tile.
  constexpr int kTrialRows = 60, kInputs = 64, kOutputs = 2 * kDotColumns;
  alignas(16) uint8_t a[kTrialRows * kInputs * sizeof(dot_input)] = {};
  alignas(16) int8_t panels[kInputs * kOutputs] = {};
  float scales[kTrialRows] = {}, of_outputs[kOutputs] = {}, out[kTrialRows * kOutputs];
  int32_t zeros[kTrialRows] = {};
  const QuantizedRowsView inputs{a, scales, zeros};
  const QuantizedView b{panels, of_outputs, zeros, of_outputs, kInputs, kOutputs};
  const Kernel& kernel = kernel_at(index);
  for (int i = 0; i < repeats; i++) {
    for (int row = 0; row < kTrialRows; row += kernel.rows) {
      kernel.full(out, kOutputs, inputs, row, 0, b, 0, kOutputs, Store::replace);
    }
  }
}

void gemm_int8(float* out, int out_stride, const QuantizedRowsView& a, int rows, const QuantizedView& b,
               Store store_as, const LowerHalves& low) {
  gemm_blocked(out, out_stride, a, rows, b, store_as, nullptr, low);
}

void gemm_int8_activated(float* out, int out_stride, const QuantizedRowsView& a, int rows,
                         const QuantizedView& b, Activation activation, const LowerHalves& low) {
  gemm_blocked(out, out_stride, a, rows, b, Store::replace, &activation, low);
}

}  // namespace vit
