#include <algorithm>

#include "../threads.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

// Floats of one block of panels. While a block meets all rows it should stay in half of a 512 KiB
// second-level cache, beside the rows that stream past it.
constexpr int kBlockFloats = 64 * 1024;

// `Rows` rows of `a` against one panel. 2·Rows accumulators, two vectors of the panel and one of `a` must fit
// the registers; the loop over inputs is not unrolled, because more live values would spill.
template <int Rows, Rounding rounding>
void tile(float* out, int out_stride, const float* a, int a_stride, const float* panel, const float* bias,
          int inputs, int columns, Store store_as) {
  f32x4 left[Rows], right[Rows];
  for (int r = 0; r < Rows; r++) {
    left[r] = load(bias);
    right[r] = load(bias + 4);
  }
  for (int k = 0; k < inputs; k++) {
    const f32x4 panel_left = load(panel);
    const f32x4 panel_right = load(panel + 4);
    panel += kPanelColumns;
    for (int r = 0; r < Rows; r++) {
      const f32x4 value = load_splat(a + r * a_stride + k);
      if constexpr (rounding == Rounding::fastest) {
        left[r] = fused_multiply_add(value, panel_left, left[r]);
        right[r] = fused_multiply_add(value, panel_right, right[r]);
      } else {
        left[r] = multiply_add(value, panel_left, left[r]);
        right[r] = multiply_add(value, panel_right, right[r]);
      }
    }
  }
  for (int r = 0; r < Rows; r++, out += out_stride) {
    if (columns == kPanelColumns) {
      const bool accumulate = store_as == Store::accumulate;
      store(out, accumulate ? add(load(out), left[r]) : left[r]);
      store(out + 4, accumulate ? add(load(out + 4), right[r]) : right[r]);
    } else {
      float values[kPanelColumns];
      store(values, left[r]);
      store(values + 4, right[r]);
      for (int c = 0; c < columns; c++) {
        out[c] = store_as == Store::accumulate ? out[c] + values[c] : values[c];
      }
    }
  }
}

using Tile = void (*)(float*, int, const float*, int, const float*, const float*, int, int, Store);
template <Rounding rounding>
constexpr Tile kTiles[] = {tile<1, rounding>, tile<2, rounding>, tile<3, rounding>,
                           tile<4, rounding>, tile<5, rounding>, tile<6, rounding>};

template <Rounding rounding>
constexpr int kRows = rounding == Rounding::fastest ? kTileRows : kTileRowsUnfused;

// The loops around the tile: blocks of panels, then rows, then the panels of the block, so that a tile's rows
// stay in the first-level cache and a block in the second. Threads share the tiles of rows of all blocks.
// `finish(out, columns)` sees each finished row of a block.
template <Rounding rounding, typename Finish>
void gemm_blocked(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedMatrix& b,
                  Store store_as, Finish finish) {
  const int panels = std::max(1, kBlockFloats / (b.inputs * kPanelColumns));
  const int block_columns = panels * kPanelColumns;
  const int blocks = (b.outputs + block_columns - 1) / block_columns;
  const int row_tiles = (rows + kRows<rounding> - 1) / kRows<rounding>;
  parallel_for(blocks, row_tiles, [&](int block_index, int row_tile) {
    const int block = block_index * block_columns;
    const int end = std::min(block + block_columns, b.outputs);
    const int row = row_tile * kRows<rounding>;
    const int tile_rows = std::min(kRows<rounding>, rows - row);
    for (int column = block; column < end; column += kPanelColumns) {
      kTiles<rounding>[tile_rows - 1](out + row * out_stride + column, out_stride, a + row * a_stride,
                                      a_stride, b.panels + packed_index(b.inputs, column, 0), b.bias + column,
                                      b.inputs, std::min(kPanelColumns, end - column), store_as);
    }
    for (int r = row; r < row + tile_rows; r++) finish(out + r * out_stride + block, end - block);
  });
}

struct Nothing {
  void operator()(float*, int) const {}
};

}  // namespace

void gemm(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedMatrix& b,
          Store store_as, Rounding rounding) {
  const auto multiply = rounding == Rounding::fastest ? gemm_blocked<Rounding::fastest, Nothing>
                                                      : gemm_blocked<Rounding::portable, Nothing>;
  multiply(out, out_stride, a, a_stride, rows, b, store_as, {});
}

void gemm_activated(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedMatrix& b,
                    Activation activation) {
  gemm_blocked<Rounding::fastest>(
      out, out_stride, a, a_stride, rows, b, Store::replace,
      [activation](float* row, int columns) { activate(row, columns, activation, Rounding::fastest); });
}

void pack_outputs(const PackedMatrix& to, int first_output, const float* rows, int row_stride, int count) {
  for (int output = 0; output < count; output++) {
    float* column = to.panels + packed_index(to.inputs, first_output + output, 0);
    for (int input = 0; input < to.inputs; input++) column[input * kPanelColumns] = rows[input];
    rows += row_stride;
  }
}

void scale_outputs(const PackedMatrix& matrix, const float* factors) {
  for (int output = 0; output < matrix.outputs; output++) {
    float* column = matrix.panels + packed_index(matrix.inputs, output, 0);
    for (int input = 0; input < matrix.inputs; input++) column[input * kPanelColumns] *= factors[output];
    matrix.bias[output] *= factors[output];
  }
}

void pack_inputs(const PackedMatrix& to, int first_input, const float* rows, int row_stride, int count) {
  for (int input = 0; input < count; input++, rows += row_stride) {
    for (int output = 0; output < packed_columns(to.outputs); output++) {
      to.panels[packed_index(to.inputs, output, first_input + input)] =
          output < to.outputs ? rows[output] : 0;
    }
  }
}

}  // namespace vit
