#include <algorithm>
#include <cassert>
#include <iterator>

#include "../threads.h"
#include "kernels.h"
#include "rounding.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

// Floats of one block of panels. While a block meets all rows it should stay in half of a 512 KiB
// second-level cache, beside the rows that stream past it.
constexpr int kBlockFloats = 64 * 1024;

// What is multiplied, and where it goes.
struct Product {
  float* out;
  int out_stride;
  const float* a;
  int a_stride;
  const PackedView& b;
  Store store_as;
};

// `Rows` rows of `a` against `Panels` neighboring panels. 2·Rows·Panels accumulators, the vectors of the
// panels and one of `a` should fit the registers; the loop over inputs is not unrolled, because more live
// values would spill.
template <int Rows, int Panels, Rounding rounding>
void tile(float* out, int out_stride, const float* a, int a_stride, const PackedView& b, int column,
          bool accumulate) {
  const float* panels[Panels];
  f32x4 left[Rows][Panels], right[Rows][Panels];
  for (int p = 0; p < Panels; p++) {
    panels[p] = b.panels + packed_index(b.inputs, column + p * kPanelColumns, 0);
    const float* bias = b.bias + column + p * kPanelColumns;
    for (int r = 0; r < Rows; r++) {
      left[r][p] = load(bias);
      right[r][p] = load(bias + 4);
    }
  }
  for (int k = 0; k < b.inputs; k++) {
    f32x4 panel_left[Panels], panel_right[Panels];
    for (int p = 0; p < Panels; p++) {
      panel_left[p] = load(panels[p]);
      panel_right[p] = load(panels[p] + 4);
      panels[p] += kPanelColumns;
    }
    for (int r = 0; r < Rows; r++) {
      const f32x4 value = load_splat(a + r * a_stride + k);
      for (int p = 0; p < Panels; p++) {
        left[r][p] = multiply_add<rounding>(value, panel_left[p], left[r][p]);
        right[r][p] = multiply_add<rounding>(value, panel_right[p], right[r][p]);
      }
    }
  }
  for (int r = 0; r < Rows; r++, out += out_stride) {
    for (int p = 0; p < Panels; p++) {
      float* to = out + p * kPanelColumns;
      if (accumulate) {
        const f32x4 before_left = load(to), before_right = load(to + 4);
        store_pair(to, add(before_left, left[r][p]), add(before_right, right[r][p]));
      } else {
        store_pair(to, left[r][p], right[r][p]);
      }
    }
  }
}

// `Rows` rows from `row` on against all panels from column `first` to `end`, which may cut the last one
// short. The loop is here, so that a tile costs no call.
template <int Rows, int Panels, Rounding rounding>
void row_of_tiles(const Product& product, int row, int first, int end) {
  constexpr int kColumns = Panels * kPanelColumns;
  const auto [out, out_stride, a, a_stride, b, store_as] = product;
  const bool accumulate = store_as == Store::accumulate;
  int column = first;
  for (; column + kColumns <= end; column += kColumns) {
    tile<Rows, Panels, rounding>(out + row * out_stride + column, out_stride, a + row * a_stride, a_stride, b,
                                 column, accumulate);
  }
  if (column == end) return;
  if constexpr (Panels > 1) {
    row_of_tiles<Rows, Panels / 2, rounding>(product, row, column, end);
  } else {
    float whole[Rows * kPanelColumns];
    tile<Rows, 1, rounding>(whole, kPanelColumns, a + row * a_stride, a_stride, b, column, false);
    for (int r = 0; r < Rows; r++) {
      float* to = out + (row + r) * out_stride;
      const float* values = whole + r * kPanelColumns;
      for (int c = column; c < end; c++) to[c] = accumulate ? to[c] + values[c - column] : values[c - column];
    }
  }
}

using RowOfTiles = void (*)(const Product&, int row, int first, int end);
// A single row takes four panels at a time: it waits for memory rather than for sums.
template <Rounding rounding>
constexpr RowOfTiles kNarrow[] = {row_of_tiles<1, 4, rounding>, row_of_tiles<2, 1, rounding>,
                                  row_of_tiles<3, 1, rounding>, row_of_tiles<4, 1, rounding>,
                                  row_of_tiles<5, 1, rounding>, row_of_tiles<6, 1, rounding>};

// A tile that can be chosen: `full` computes its rows; the rows left over at the end go through narrow tiles.
struct Tile {
  int rows;
  int columns;
  RowOfTiles full;
};
template <int Rows, int Panels, Rounding rounding>
constexpr Tile kTile = {Rows, Panels* kPanelColumns, row_of_tiles<Rows, Panels, rounding>};

// The first fits V8's registers. The others fit where vectors are paired, so that there are half as many.
constexpr Tile kTiles[] = {kTile<kTileRows, 1, Rounding::fastest>, kTile<4, 2, Rounding::fastest>,
                           kTile<kTileRows, 2, Rounding::fastest>};
// An int8 model multiplies little in floats, so one tile will do.
constexpr Tile kPortableTile = kTile<kTileRowsUnfused, 1, Rounding::portable>;

int chosen_tile = 0;

template <Rounding rounding>
void rows_of_tiles(const Product& product, const Tile& tile, int row, int rows, int first, int end) {
  (rows == tile.rows ? tile.full : kNarrow<rounding>[rows - 1])(product, row, first, end);
}

// The loops around the tile: blocks of panels, then rows, then the panels of the block, so that a tile's rows
// stay in the first-level cache and a block in the second. Threads share the tiles of rows of all blocks.
// `finish(out, columns)` sees each finished row of a block.
//
// Each block's first pass uses a one-row tile where there are several blocks: with few FMAs per load it
// streams in about twice as fast.
template <Rounding rounding, typename Finish>
void gemm_blocked(const Product& product, int rows, Finish finish) {
  const PackedView& b = product.b;
  assert(rows >= 0 && b.inputs > 0 && b.outputs > 0 && product.a != product.out);
  assert(rows <= 1 || (product.out_stride >= b.outputs && product.a_stride >= b.inputs));
  const Tile& tile = rounding == Rounding::fastest ? kTiles[chosen_tile] : kPortableTile;
  // In fours, for the widest row.
  const int panels = std::max(4, kBlockFloats / (b.inputs * kPanelColumns) / 4 * 4);
  const int block_columns = panels * kPanelColumns;
  const int blocks = ceil_div(b.outputs, block_columns);
  const int alone = blocks > 1 ? 1 : 0;  // rows
  const int row_tiles = alone + ceil_div(rows - alone, tile.rows);
  parallel_for(blocks, row_tiles, [&](int block_index, int row_tile) {
    const int block = block_index * block_columns;
    const int end = std::min(block + block_columns, b.outputs);
    const int next = alone + (row_tile - alone + 1) * tile.rows;
    const int row = std::max(0, next - tile.rows);
    const int tile_rows = std::min(next, rows) - row;
    rows_of_tiles<rounding>(product, tile, row, tile_rows, block, end);
    for (int r = row; r < row + tile_rows; r++) {
      finish(product.out + r * product.out_stride + block, end - block);
    }
  });
}

struct Nothing {
  void operator()(float*, int) const {}
};

}  // namespace

std::vector<std::string> gemm_tiles() {
  std::vector<std::string> names;
  for (const Tile& tile : kTiles) {
    names.push_back(std::to_string(tile.rows) + "x" + std::to_string(tile.columns));
  }
  return names;
}

void use_gemm_tile(int index) {
  assert(index >= 0 && index < static_cast<int>(std::size(kTiles)));
  chosen_tile = index;
}

void try_gemm_tile(int index, int repeats) {
  assert(index >= 0 && index < static_cast<int>(std::size(kTiles)));
  // Whole tiles of every kind, and few enough to stay in the first-level cache.
  constexpr int kTrialRows = 60, kInputs = 64, kOutputs = 16;
  float a[kTrialRows * kInputs] = {}, panels[kInputs * kOutputs] = {}, bias[kOutputs] = {};
  float out[kTrialRows * kOutputs];
  const PackedView b{panels, bias, kInputs, kOutputs};
  const Product product{out, kOutputs, a, kInputs, b, Store::replace};
  const Tile& tile = kTiles[index];
  for (int i = 0; i < repeats; i++) {
    for (int row = 0; row < kTrialRows; row += tile.rows) tile.full(product, row, 0, kOutputs);
  }
}

void gemm(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedView& b,
          Store store_as, Rounding rounding) {
  const auto multiply = rounding == Rounding::fastest ? gemm_blocked<Rounding::fastest, Nothing>
                                                      : gemm_blocked<Rounding::portable, Nothing>;
  multiply({out, out_stride, a, a_stride, b, store_as}, rows, {});
}

void gemm_activated(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedView& b,
                    Activation activation) {
  gemm_blocked<Rounding::fastest>(
      {out, out_stride, a, a_stride, b, Store::replace}, rows,
      [activation](float* row, int columns) { activate(row, columns, activation, Rounding::fastest); });
}

void pack_outputs(PackedMatrix to, int first_output, const float* rows, int row_stride, int count) {
  assert(first_output >= 0 && count >= 0 && first_output + count <= to.outputs);
  assert(count <= 1 || row_stride >= to.inputs);
  for (int output = 0; output < count; output++) {
    float* column = to.panels + packed_index(to.inputs, first_output + output, 0);
    for (int input = 0; input < to.inputs; input++) column[input * kPanelColumns] = rows[input];
    rows += row_stride;
  }
}

void scale_outputs(PackedMatrix matrix, const float* factors) {
  assert(matrix.panels && matrix.bias && factors);
  for (int output = 0; output < matrix.outputs; output++) {
    float* column = matrix.panels + packed_index(matrix.inputs, output, 0);
    for (int input = 0; input < matrix.inputs; input++) column[input * kPanelColumns] *= factors[output];
    matrix.bias[output] *= factors[output];
  }
}

void pack_inputs(PackedMatrix to, int first_input, const float* rows, int row_stride, int count) {
  assert(first_input >= 0 && count >= 0 && first_input + count <= to.inputs);
  assert(count <= 1 || row_stride >= to.outputs);
  for (int first = 0; first < to.outputs; first += kPanelColumns) {
    const int columns = std::min(kPanelColumns, to.outputs - first);
    float* panel = to.panels + packed_index(to.inputs, first, first_input);
    for (int input = 0; input < count; input++, panel += kPanelColumns) {
      const float* row = rows + input * row_stride + first;
      if (columns == kPanelColumns) {
        store_pair(panel, load(row), load(row + 4));
      } else {
        std::fill(std::copy_n(row, columns, panel), panel + kPanelColumns, 0.0f);
      }
    }
  }
}

}  // namespace vit
