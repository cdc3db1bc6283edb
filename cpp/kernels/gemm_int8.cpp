#include <algorithm>
#include <iterator>

#include "../threads.h"
#include "quantisation.h"
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
  int groups;   // of kDotInputs inputs
  int columns;  // outputs in use
};

void store_columns(float* out, const f32x4* values, int columns, Store store_as) {
  if (columns == kDotColumns) {
    for (int v = 0; v < kVectors; v++) {
      float* to = out + 4 * v;
      store(to, store_as == Store::accumulate ? add(load(to), values[v]) : values[v]);
    }
    return;
  }
  float all[kDotColumns];
  for (int v = 0; v < kVectors; v++) store(all + 4 * v, values[v]);
  for (int c = 0; c < columns; c++) out[c] = store_as == Store::accumulate ? out[c] + all[c] : all[c];
}

// `Rows` rows of quantised activations against one panel; the registers are filled as in gemm.cpp.
template <int Rows>
void tile(float* out, int out_stride, const QuantisedRows& a, int row, size_t row_bytes, const Panel& panel,
          Store store_as) {
  const dot_input* inputs =
      reinterpret_cast<const dot_input*>(a.values + static_cast<size_t>(row) * row_bytes);
  const size_t stride = row_bytes / sizeof(dot_input);
  const int8_t* weights = panel.weights;
  i32x4 sums[Rows][kVectors];
  for (int r = 0; r < Rows; r++) {
    for (int v = 0; v < kVectors; v++) sums[r][v] = splat_i32(0);
  }
  for (int group = 0; group < panel.groups; group++) {
    dot_weights columns[kVectors];
    for (int v = 0; v < kVectors; v++) columns[v] = load_weights(weights + v * 4 * kDotInputs);
    weights += kDotColumns * kDotInputs;
    for (int r = 0; r < Rows; r++) {
      const dot_inputs values = load_inputs(inputs + static_cast<size_t>(r) * stride);
      for (int v = 0; v < kVectors; v++) sums[r][v] = dot_add(columns[v], values, sums[r][v]);
    }
    inputs += kDotInputs;
  }
  for (int r = 0; r < Rows; r++) {
    const i32x4 zero = splat_i32(a.zeros[row + r]);
    const f32x4 scale = splat(a.scales[row + r]);
    f32x4 values[kVectors];
    for (int v = 0; v < kVectors; v++) {
      const i32x4 centred = sub(sums[r][v], mul(zero, load_i32(panel.sums + 4 * v)));
      values[v] =
          add(mul(to_floats(centred), mul(scale, load(panel.scales + 4 * v))), load(panel.bias + 4 * v));
    }
    store_columns(out + r * out_stride, values, panel.columns, store_as);
  }
}

// The same rows against the panels of outputs `first` to `end`. The loop is here, so that a tile costs no
// call: with few inputs calls were a tenth of the time.
template <int Rows>
void tiles(float* out, int out_stride, const QuantisedRows& a, int row, const QuantisedMatrix& b, int first,
           int end, Store store_as) {
  const size_t panel_bytes = quantised_bytes(b.inputs, kDotColumns);
  const size_t row_bytes = quantised_row_bytes(b.inputs);
  out += row * out_stride;
  for (int column = first; column < end; column += kDotColumns) {
    const Panel panel{b.panels + static_cast<size_t>(column / kDotColumns) * panel_bytes,
                      b.scales + column,
                      b.sums + column,
                      b.bias + column,
                      static_cast<int>(panel_bytes) / (kDotColumns * kDotInputs),
                      std::min(kDotColumns, end - column)};
    tile<Rows>(out + column, out_stride, a, row, row_bytes, panel, store_as);
  }
}

using Tiles = void (*)(float*, int, const QuantisedRows&, int, const QuantisedMatrix&, int, int, Store);
constexpr Tiles kTiles[] = {tiles<1>, tiles<2>, tiles<3>, tiles<4>};
static_assert(kDotRows <= static_cast<int>(std::size(kTiles)));

// The loops are those of gemm.cpp.
template <typename Finish>
void gemm_blocked(float* out, int out_stride, const QuantisedRows& a, int rows, const QuantisedMatrix& b,
                  Store store_as, Finish finish) {
  const size_t panel_bytes = quantised_bytes(b.inputs, kDotColumns);
  const int block_columns = std::max(1, kBlockBytes / static_cast<int>(panel_bytes)) * kDotColumns;
  const int blocks = ceil_div(b.outputs, block_columns);
  const int row_tiles = ceil_div(rows, kDotRows);
  parallel_for(blocks, row_tiles, [&](int block_index, int row_tile) {
    const int block = block_index * block_columns;
    const int end = std::min(block + block_columns, b.outputs);
    const int row = row_tile * kDotRows;
    const int tile_rows = std::min(kDotRows, rows - row);
    kTiles[tile_rows - 1](out, out_stride, a, row, b, block, end, store_as);
    for (int r = row; r < row + tile_rows; r++) finish(out + r * out_stride + block, end - block);
  });
}

}  // namespace

void gemm_int8(float* out, int out_stride, const QuantisedRows& a, int rows, const QuantisedMatrix& b,
               Store store_as) {
  gemm_blocked(out, out_stride, a, rows, b, store_as, [](float*, int) {});
}

void gemm_int8_activated(float* out, int out_stride, const QuantisedRows& a, int rows,
                         const QuantisedMatrix& b, Activation activation) {
  gemm_blocked(out, out_stride, a, rows, b, Store::replace, [activation](float* row, int columns) {
    activate(row, columns, activation, Rounding::portable);
  });
}

}  // namespace vit
