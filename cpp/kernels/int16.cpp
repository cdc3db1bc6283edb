#include "int16.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

#include "constants.h"
#include "simd.h"
#include "sizes.h"

namespace vit {
namespace {

using namespace simd;

constexpr int kLargestCode = 32767;
constexpr int kLargestTotal = 65534;  // of a left row's codes: times the largest code it is below 2^31
constexpr int kOutputs = 8;           // of one panel
constexpr int kRows = 3;  // of a tile: its sums, what they are made of and the rest fill 15 registers

// What values are multiplied by to become codes; what is too small for that becomes zeros.
float steps_of(float scale) { return scale > 1e-30f ? 1 / scale : 0; }

i32x4 codes_of(f32x4 values, float steps) { return whole(add(mul(values, splat(steps)), splat(kRounder))); }

struct Size {
  float largest, total;
};

Size size_of(const float* x, int width) {
  f32x4 peaks = splat(0), totals = splat(0);
  for (int i = 0; i < width; i += 4) {
    const f32x4 magnitudes = abs(load_up_to_4(x + i, width - i));
    peaks = max(peaks, magnitudes);
    totals = add(totals, magnitudes);
  }
  return {largest(peaks), sum(totals)};
}

size_t panel_values(int inputs) { return area(round_up(inputs, 2), kOutputs); }

template <int Rows>
void tile(float* out, int out_stride, const Int16RowsView& a, int row, int a_stride, const Int16View& b,
          int column) {
  const int16_t* values = a.values + row * a_stride;
  const int16_t* panel = b.panels + column / kOutputs * panel_values(b.inputs);
  i32x4 left[Rows], right[Rows];
  for (int r = 0; r < Rows; r++) left[r] = right[r] = splat_i32(0);
  for (int input = 0; input < b.inputs; input += 2) {
    const i16x8 panel_left = load_i16(panel), panel_right = load_i16(panel + 8);
    panel += 2 * kOutputs;
    for (int r = 0; r < Rows; r++) {
      const i16x8 pair = load_splat_pair(values + r * a_stride + input);
      left[r] = add(left[r], dot(pair, panel_left));
      right[r] = add(right[r], dot(pair, panel_right));
    }
  }
  const f32x4 left_scales = load(b.scales + column), right_scales = load(b.scales + column + 4);
  const int columns = std::min(kOutputs, b.outputs - column);
  out += row * out_stride + column;
  for (int r = 0; r < Rows; r++, out += out_stride) {
    const f32x4 scale = splat(a.scales[row + r]);
    const f32x4 first = mul(to_floats(left[r]), mul(scale, left_scales));
    const f32x4 second = mul(to_floats(right[r]), mul(scale, right_scales));
    store_part(out, first, std::min(columns, 4));
    if (columns > 4) store_part(out + 4, second, columns - 4);
  }
}

template <int Rows>
void tiles(float* out, int out_stride, const Int16RowsView& a, int row, const Int16View& b) {
  const int a_stride = int16_row_values(b.inputs);
  for (int column = 0; column < b.outputs; column += kOutputs)
    tile<Rows>(out, out_stride, a, row, a_stride, b, column);
}

}  // namespace

size_t int16_panel_values(int inputs, int outputs) {
  return ceil_div(outputs, kOutputs) * panel_values(inputs);
}

int int16_row_values(int width) { return round_up(width, 4); }

void quantize_left(Int16Rows out, const float* x, int x_stride, int rows, int width) {
  // Up to this width the rounding of all codes of a row leaves room for their total.
  assert(width > 0 && width < 2 * kLargestTotal && (rows <= 1 || x_stride >= width));
  int16_t* to = out.values;
  for (int row = 0; row < rows; row++, x += x_stride, to += int16_row_values(width)) {
    const Size size = size_of(x, width);
    // In this order, a total that is NaN stays.
    const float scale = std::max(size.total / (kLargestTotal - width / 2), size.largest / kLargestCode);
    out.scales[row] = scale;
    const float steps = steps_of(scale);
    for (int i = 0; i < width; i += 4) store_i16(to + i, codes_of(load_up_to_4(x + i, width - i), steps));
  }
}

void quantize_outputs(Int16Matrix to, const float* rows, int row_stride) {
  assert(to.inputs > 0 && (to.outputs <= 1 || row_stride >= to.inputs));
  for (int output = 0; output < to.outputs; output++, rows += row_stride) {
    const Size size = size_of(rows, to.inputs);
    // A total that is not finite makes the scale NaN: the largest passes over NaN.
    const float scale = to.scales[output] = size.largest / kLargestCode + size.total * 0;
    const float steps = steps_of(scale);
    int16_t* column = to.panels + output / kOutputs * panel_values(to.inputs) + output % kOutputs * 2;
    for (int i = 0; i < to.inputs; i += 4) {
      int16_t codes[4];
      store_i16(codes, codes_of(load_up_to_4(rows + i, to.inputs - i), steps));
      std::memcpy(column + i * kOutputs, codes, 4);
      if (i + 2 < to.inputs) std::memcpy(column + (i + 2) * kOutputs, codes + 2, 4);
    }
  }
}

void quantize_inputs(Int16Matrix to, const float* rows, int row_stride) {
  assert(to.inputs > 0 && (to.inputs == 1 || row_stride >= to.outputs));
  for (int output = 0; output < to.outputs; output += 4) {
    const int count = to.outputs - output;
    f32x4 peaks = splat(0), totals = splat(0);
    for (int input = 0; input < to.inputs; input++) {
      const f32x4 magnitudes = abs(load_up_to_4(rows + input * row_stride + output, count));
      peaks = max(peaks, magnitudes);
      totals = add(totals, magnitudes);
    }
    float scales[4], steps[4];
    // As above, a total that is not finite makes the scale NaN.
    store(scales, add(mul(peaks, splat(1.0f / kLargestCode)), mul(totals, splat(0))));
    for (int i = 0; i < 4; i++) steps[i] = steps_of(scales[i]);
    store(to.scales + output, load(scales));
    const f32x4 factors = load(steps);
    const auto codes = [&](int input) {
      const f32x4 values =
          input < to.inputs ? load_up_to_4(rows + input * row_stride + output, count) : splat(0);
      return whole(add(mul(values, factors), splat(kRounder)));
    };
    int16_t* panel = to.panels + output / kOutputs * panel_values(to.inputs) + output % kOutputs * 2;
    for (int input = 0; input < to.inputs; input += 2) {
      store_pairs(panel + input * kOutputs, codes(input), codes(input + 1));
    }
  }
}

void gemm_int16(float* out, int out_stride, const Int16RowsView& a, int rows, const Int16View& b) {
  assert(rows >= 0 && b.inputs > 0 && (rows <= 1 || out_stride >= b.outputs));
  int row = 0;
  for (; row + kRows <= rows; row += kRows) tiles<kRows>(out, out_stride, a, row, b);
  for (; row < rows; row++) tiles<1>(out, out_stride, a, row, b);
}

}  // namespace vit
