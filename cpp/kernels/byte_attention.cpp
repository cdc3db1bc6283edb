#include "byte_attention.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "constants.h"
#include "exp.h"
#include "simd.h"
#include "sizes.h"

namespace vit {
namespace {

using namespace simd;

constexpr float kLargestValueCode = 64;

// What values are multiplied by to become codes; what is too small for that becomes zeros.
float steps_of(float scale) { return scale > 1e-30f ? 1 / scale : 0; }

i32x4 codes_of(f32x4 values, f32x4 steps) { return whole(add(mul(values, steps), splat(kRounder))); }

// Where the weights of an output begin.
int8_t* column_of(const QuantizedMatrix& to, int output) {
  return to.panels + static_cast<size_t>(output / kDotColumns) * quantized_bytes(to.inputs, kDotColumns) +
         output % kDotColumns * kDotLane;
}

void pack_key(const QuantizedMatrix& to, int token, float* key) {
  const int size = to.inputs;
  rotate(key, size);
  const f32x4 none = splat(0);
  f32x4 low = none, high = none, totals = none;
  for (int i = 0; i < size; i += 8) {
    const f32x4 left = load_up_to_4(key + i, size - i);
    const f32x4 right = i + 4 < size ? load_up_to_4(key + i + 4, size - i - 4) : none;
    low = min(low, add(min(left, none), min(right, none)));
    high = max(high, add(max(left, none), max(right, none)));
    totals = add(totals, add(left, right));
  }
  // A total that is not finite makes the scale NaN: the largest passes over NaN.
  const float scale = largest(max(high, sub(none, low))) / 127 + sum(totals) * 0;
  to.scales[token] = scale;
  const f32x4 steps = splat(steps_of(scale));
  int8_t* column = column_of(to, token);
  i32x4 sums = splat_i32(0);
  const int padded = round_up(size, kDotInputs);
  for (int i = 0; i < padded; i += 4) {
    const i32x4 codes = i < size ? codes_of(load_up_to_4(key + i, size - i), steps) : splat_i32(0);
    sums = add(sums, codes);
    store_weights(column + i * kDotColumns, codes);
  }
  to.sums[token] = sum(sums);
}

// Of four channels.
void pack_channels(const QuantizedMatrix& to, int channel, const float* rows, int row_stride) {
  const int count = to.outputs - channel;
  rows += channel;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  f32x4 low = splat(kInfinity), high = splat(-kInfinity), totals = splat(0);
  for (int token = 0; token < to.inputs; token++) {
    const f32x4 values = load_up_to_4(rows + token * row_stride, count);
    low = min(low, values);
    high = max(high, values);
    totals = add(totals, values);
  }
  // As above, a total that is not finite makes the scale NaN.
  const f32x4 middle = mul(add(low, high), splat(0.5f));
  float scales[4], steps[4];
  store(scales, add(mul(sub(high, low), splat(0.5f / kLargestValueCode)), mul(totals, splat(0))));
  for (int i = 0; i < 4; i++) steps[i] = steps_of(scales[i]);
  store(to.scales + channel, load(scales));
  store(to.bias + channel, middle);

  const f32x4 factors = load(steps);
  int8_t* column = column_of(to, channel);
  const int padded = round_up(to.inputs, kDotInputs);
  for (int token = 0; token < padded; token += kDotLane) {
    i32x4 codes[kDotLane];
    for (int i = 0; i < kDotLane; i++) {
      codes[i] = token + i < to.inputs
                     ? codes_of(sub(load_up_to_4(rows + (token + i) * row_stride, count), middle), factors)
                     : splat_i32(0);
    }
    store_columns(column + token * kDotColumns, codes);
  }
}

float peak_of(const float* scores, int count) {
  // Below every number, so that a row of nothing but -infinity, which has no softmax, becomes NaN.
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  f32x4 peaks[2] = {splat(kLowest), splat(kLowest)};
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    peaks[0] = max(peaks[0], load(scores + i));
    peaks[1] = max(peaks[1], load(scores + i + 4));
  }
  for (; i < count; i += 4) peaks[0] = max(peaks[0], load_up_to_4(scores + i, count - i, kLowest));
  return largest(max(peaks[0], peaks[1]));
}

// 2^(score · log2 e + shift).
f32x4 power_of(f32x4 scores, f32x4 shift) {
  const PowerConstants& c = kPower;
  const f32x4 x = max(multiply_add(scores, constant(c.log2_e), shift), constant(c.smallest));
  const f32x4 shifted = add(x, constant(c.rounder));
  const f32x4 r = sub(x, sub(shifted, constant(c.rounder)));
  f32x4 sum = multiply_add(constant(c.series[4]), r, constant(c.series[3]));
  for (int i = 2; i >= 0; i--) sum = multiply_add(sum, r, constant(c.series[i]));
  return multiply_by_power(sum, shifted);
}

}  // namespace

void pack_keys(const QuantizedMatrix& to, float* rows, int row_stride) {
  for (int token = 0; token < to.outputs; token++) pack_key(to, token, rows + token * row_stride);
}

void pack_values(const QuantizedMatrix& to, const float* rows, int row_stride) {
  for (int channel = 0; channel < to.outputs; channel += 4) pack_channels(to, channel, rows, row_stride);
}

void softmax_bytes(const QuantizedHalves& out, int row, const float* scores, int visible, int count) {
  assert(visible >= 1 && visible <= count);
  const size_t first = static_cast<size_t>(row) * quantized_row_bytes(count);
  dot_input* high = reinterpret_cast<dot_input*>(out.high.values + first);
  dot_input* low = reinterpret_cast<dot_input*>(out.low.values + first);
  const f32x4 shift = splat(kPower.log2_of_largest - peak_of(scores, visible) * kPower.log2_e);
  f32x4 totals = splat(0);
  const auto split = [&](f32x4 of, i32x4& upper, i32x4& lower) {
    const f32x4 rounded = add(power_of(of, shift), constant(kPower.rounder));
    totals = add(totals, sub(rounded, constant(kPower.rounder)));
    const i32x4 codes = whole(rounded);
    upper = shift_right<kCodeBits>(codes);
    lower = sub(codes, shift_left<kCodeBits>(upper));
  };
  int i = 0;
  for (; i + 16 <= visible; i += 16) {
    i32x4 upper[4], lower[4];
    for (int v = 0; v < 4; v++) split(load(scores + i + 4 * v), upper[v], lower[v]);
    store_16_inputs(high + i, upper);
    store_16_inputs(low + i, lower);
  }
  constexpr float kLowest = std::numeric_limits<float>::lowest();
  for (; i < visible; i += 4) {
    i32x4 upper, lower;
    split(load_up_to_4(scores + i, visible - i, kLowest), upper, lower);
    store_inputs(high + i, upper);
    store_inputs(low + i, lower);
  }
  std::fill(high + visible, high + count, dot_input{0});
  std::fill(low + visible, low + count, dot_input{0});
  out.low.scales[row] = 1 / sum(totals);
  out.high.scales[row] = out.low.scales[row] * (1 << kCodeBits);
  out.high.zeros[row] = out.low.zeros[row] = 0;
}

}  // namespace vit
