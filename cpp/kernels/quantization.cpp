#include "quantization.h"

#include <algorithm>
#include <cassert>
#include <limits>

#include "../threads.h"
#include "constants.h"
#include "simd.h"
#include "sizes.h"

namespace vit {
namespace {

using namespace simd;

struct Range {
  float low, high;  // low ≤ 0 ≤ high
  float total;      // of the values: infinite or NaN if one of them is
};

// In two vectors, so that neither waits for the other.
Range range_of(const float* x, int count) {
  f32x4 low[2] = {splat(0), splat(0)}, high[2] = {splat(0), splat(0)}, total[2] = {splat(0), splat(0)};
  const auto include = [&](int side, f32x4 values) {
    low[side] = min(low[side], values);
    high[side] = max(high[side], values);
    total[side] = add(total[side], values);
  };
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    include(0, load(x + i));
    include(1, load(x + i + 4));
  }
  for (; i < count; i += 4) include(0, i + 4 <= count ? load(x + i) : load_part(x + i, count - i, 0));
  return {-largest(sub(splat(0), min(low[0], low[1]))), largest(max(high[0], high[1])),
          sum(add(total[0], total[1]))};
}

// Whether a 127th of `extent` is a usable divisor.
bool has_scale(float extent) { return extent > 1e-30f && extent <= std::numeric_limits<float>::max(); }

// 0, or NaN where a value of the row is not finite: minima and maxima ignore NaN.
float not_finite(const Range& range) { return range.total * 0; }

// The low end of the range becomes 0 exactly: rounding is symmetric about the zero point, which is whole.
void quantize_row(dot_input* out, float& scale, int32_t& zero, const float* x, int width) {
  const Range range = range_of(x, width);
  const float extent = range.high - range.low;
  if (!has_scale(extent) || not_finite(range) != 0) {
    std::fill_n(out, width, dot_input{0});
    scale = extent * 0 + not_finite(range);
    zero = 0;
    return;
  }
  const float steps = 127 / extent;
  scale = extent / 127;
  const float whole_zero = (-range.low * steps + kRounder) - kRounder;
  zero = static_cast<int32_t>(whole_zero);

  // Multiplied and added in two steps, so that every variant rounds alike.
  const f32x4 factor = splat(steps), offset = splat(kRounder + whole_zero), top = splat(127 - whole_zero);
  const auto quantized = [&](f32x4 values) { return whole(add(min(mul(values, factor), top), offset)); };
  int i = 0;
  for (; i + 4 <= width; i += 4) store_inputs(out + i, quantized(load(x + i)));
  if (i < width) {
    dot_input last[4];
    store_inputs(last, quantized(load_part(x + i, width - i, 0)));
    std::copy_n(last, width - i, out + i);
  }
}

// Four vectors, each minus half the sum of all four: I − J/2, the Hadamard matrix of order 4 that is
// symmetric.
void reflect(float* x, int stride) {
  const f32x4 values[4] = {load(x), load(x + stride), load(x + 2 * stride), load(x + 3 * stride)};
  const f32x4 half = mul(add(add(values[0], values[1]), add(values[2], values[3])), splat(0.5f));
  for (int i = 0; i < 4; i++) store(x + i * stride, sub(values[i], half));
}

// The largest sum of the positive, or of the negative, weights of a group of four that share an int16
// accumulator: the first two of both halves of every eight, and the last two.
template <typename Weight>
double largest_shared_sum(const Weight* weights, int count) {
  double largest = 0;
  for (int first = 0; first < count; first += 8) {
    double positive[2] = {0, 0}, negative[2] = {0, 0};
    for (int i = 0; i < std::min(8, count - first); i++) {
      const double weight = weights[first + i];
      positive[i / 2 % 2] += std::max(weight, 0.0);
      negative[i / 2 % 2] -= std::min(weight, 0.0);
    }
    largest = std::max({largest, positive[0], positive[1], negative[0], negative[1]});
  }
  return largest;
}

// Rounding adds at most half a code to each of the four.
constexpr int kUnroundedSharedSum = kLargestSharedSum - 2;

}  // namespace

void rotate(float* row, int width) {
  int i = 0;
  for (; i + 64 <= width; i += 64) {
    for (int k = 0; k < 64; k += 16) reflect(row + i + k, 4);
    for (int k = 0; k < 16; k += 4) reflect(row + i + k, 16);
  }
  for (; i + 16 <= width; i += 16) reflect(row + i, 4);
}

int quantized_columns(int outputs) { return round_up(outputs, kDotColumns); }

size_t quantized_bytes(int inputs, int outputs) {
  return area(round_up(inputs, kDotInputs), quantized_columns(outputs));
}

float quantize_weights(int8_t* codes, float* weights, int count) {
  assert(count > 0);
  rotate(weights, count);
  const Range range = range_of(weights, count);
  const float magnitude = std::max(-range.low, range.high);
  float check = 0;  // NaN as soon as one weight is not finite
  for (int i = 0; i < count; i++) check += weights[i] * 0;
  if (check != 0 || !has_scale(magnitude)) {
    std::fill_n(codes, count, int8_t{0});
    return check;
  }
  const float shared = static_cast<float>(largest_shared_sum(weights, count) / kUnroundedSharedSum);
  const float scale = std::max(magnitude / 127, shared);
  for (int i = 0; i < count; i++) {
    codes[i] = static_cast<int8_t>((weights[i] / scale + kRounder) - kRounder);
  }
  return scale;
}

bool fit_the_product(const int8_t* codes, int count) {
  assert(count >= 0);
  return largest_shared_sum(codes, count) <= kLargestSharedSum;
}

void pack_quantized(QuantizedMatrix to, int output, const int8_t* codes) {
  assert(output >= 0 && output < to.outputs);
  constexpr int kLanes = kDotColumns * kDotLane;
  int8_t* panel = to.panels +
                  static_cast<size_t>(output / kDotColumns) * quantized_bytes(to.inputs, kDotColumns) +
                  output % kDotColumns * kDotLane;
  int32_t sum = 0;
  for (int input = 0; input < to.inputs; input++) {
    panel[input / kDotLane * kLanes + input % kDotLane] = codes[input];
    sum += codes[input];
  }
  to.sums[output] = sum;
}

void scale_outputs(QuantizedMatrix matrix, const float* factors) {
  assert(matrix.scales && matrix.bias && factors);
  for (int output = 0; output < matrix.outputs; output++) {
    matrix.scales[output] *= factors[output];
    matrix.bias[output] *= factors[output];
  }
}

size_t quantized_row_bytes(int width) {
  return static_cast<size_t>(round_up(width, kDotInputs)) * sizeof(dot_input);
}

void quantize_rows(QuantizedRows out, float* x, int rows, int width) {
  assert(rows >= 0 && width > 0 && out.values);
  parallel_for_rows(rows, [&](int row) {
    uint8_t* values = out.values + static_cast<size_t>(row) * quantized_row_bytes(width);
    float* from = x + row * width;
    rotate(from, width);
    quantize_row(reinterpret_cast<dot_input*>(values), out.scales[row], out.zeros[row], from, width);
  });
}

}  // namespace vit
