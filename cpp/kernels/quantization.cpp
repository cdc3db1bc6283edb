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
  float check;      // infinite or NaN if a value is
};

// The same, lane by lane, of what has been seen so far.
struct Ranges {
  f32x4 low = splat(0), high = splat(0), check = splat(0);

  void include(f32x4 values) {
    low = min(low, values);
    high = max(high, values);
  }
  Range all() const { return {-largest(sub(splat(0), low)), largest(high), sum(check)}; }
};

// Whether a 127th of `extent` is a usable divisor.
bool has_scale(float extent) { return extent > 1e-30f && extent <= std::numeric_limits<float>::max(); }

// 0, or NaN where a value of the row is not finite: minima and maxima ignore NaN.
float not_finite(const Range& range) { return range.check * 0; }

// What a row's codes are written to: all of them, or one half.
struct Target {
  dot_input* codes;
  float& scale;
  int32_t& zero;
};

Target row_of(const QuantizedRows& rows, int row, int width) {
  const QuantizedRows own = after(rows, row, width);
  return {reinterpret_cast<dot_input*>(own.values), *own.scales, *own.zeros};
}

// Codes of seven bits, or of fourteen in two halves, the higher first. The low end of the range becomes 0
// exactly: rounding is symmetric about the zero point, which is whole.
template <int Halves>
void quantize_row(const Target (&out)[Halves], const float* x, int width, const Range& range) {
  constexpr int kLargest = (1 << (Halves * kCodeBits)) - 1;
  const float extent = range.high - range.low;
  if (!has_scale(extent) || not_finite(range) != 0) {
    for (const Target& half : out) {
      std::fill_n(half.codes, width, dot_input{0});
      half.scale = extent * 0 + not_finite(range);
      half.zero = 0;
    }
    return;
  }
  const float steps = kLargest / extent;
  const float whole_zero = (-range.low * steps + kRounder) - kRounder;
  // Multiplied and added in two steps, so that every variant rounds alike.
  const f32x4 factor = splat(steps), offset = splat(kRounder + whole_zero),
              top = splat(kLargest - whole_zero);
  const auto quantized = [&](f32x4 values) { return whole(add(min(mul(values, factor), top), offset)); };
  const auto half_of = [](i32x4 codes, int half) {
    if constexpr (Halves == 1) return codes;
    const i32x4 high = shift_right<kCodeBits>(codes);
    return half == 0 ? high : sub(codes, shift_left<kCodeBits>(high));
  };
  int i = 0;
  for (; i + 16 <= width; i += 16) {
    i32x4 codes[4], parts[4];
    for (int v = 0; v < 4; v++) codes[v] = quantized(load(x + i + 4 * v));
    for (int half = 0; half < Halves; half++) {
      for (int v = 0; v < 4; v++) parts[v] = half_of(codes[v], half);
      store_16_inputs(out[half].codes + i, parts);
    }
  }
  for (; i < width; i += 4) {
    const i32x4 codes = quantized(load_up_to_4(x + i, width - i));
    for (int half = 0; half < Halves; half++) store_inputs(out[half].codes + i, half_of(codes, half));
  }
  for (int half = 0; half < Halves; half++) {
    const int weight = 1 << ((Halves - 1 - half) * kCodeBits);
    out[half].scale = extent / kLargest * static_cast<float>(weight);
    out[half].zero = static_cast<int>(whole_zero) / weight % (1 << kCodeBits);
  }
}

// Four vectors, each minus half the sum of all four: I − J/2, the Hadamard matrix of order 4 that is
// symmetric.
struct Reflected {
  f32x4 values[4];
  f32x4 half;

  Reflected(const float* x, int stride) {
    for (int i = 0; i < 4; i++) values[i] = load(x + i * stride);
    half = mul(add(add(values[0], values[1]), add(values[2], values[3])), splat(0.5f));
    for (f32x4& value : values) value = sub(value, half);
  }

  void store_to(float* x, int stride) const {
    for (int i = 0; i < 4; i++) store(x + i * stride, values[i]);
  }
};

void reflect(float* x, int stride) { Reflected(x, stride).store_to(x, stride); }

// The last of a vector's reflections, and the range of what comes out. Half the sum of four tells of all four
// whether they are finite.
void reflect(float* x, int stride, Ranges& ranges) {
  const Reflected reflected(x, stride);
  reflected.store_to(x, stride);
  for (const f32x4 values : reflected.values) ranges.include(values);
  ranges.check = add(ranges.check, reflected.half);
}

Range rotate_and_range(float* row, int width) {
  Ranges ranges;
  int i = 0;
  for (; i + 64 <= width; i += 64) {
    for (int k = 0; k < 64; k += 16) reflect(row + i + k, 4);
    for (int k = 0; k < 16; k += 4) reflect(row + i + k, 16, ranges);
  }
  for (; i + 16 <= width; i += 16) reflect(row + i, 4, ranges);
  for (; i < width; i += 4) {
    const f32x4 values = load_up_to_4(row + i, width - i);
    ranges.include(values);
    ranges.check = add(ranges.check, values);
  }
  return ranges.all();
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

void rotate(float* row, int width) { rotate_and_range(row, width); }

int quantized_columns(int outputs) { return round_up(outputs, kDotColumns); }

size_t quantized_bytes(int inputs, int outputs) {
  return area(round_up(inputs, kDotInputs), quantized_columns(outputs));
}

float quantize_weights(int8_t* codes, float* weights, int count) {
  assert(count > 0);
  const Range range = rotate_and_range(weights, count);
  const float magnitude = std::max(-range.low, range.high);
  const float check = not_finite(range);
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

QuantizedRows after(const QuantizedRows& rows, int count, int width) {
  return {rows.values + static_cast<size_t>(count) * quantized_row_bytes(width), rows.scales + count,
          rows.zeros + count};
}

void quantize_rows(const QuantizedRows& out, float* x, int stride, int rows, int width) {
  assert(rows >= 0 && width > 0 && stride >= width && out.values);
  parallel_for_rows(rows, [&](int row) {
    const Range range = rotate_and_range(x + row * stride, width);
    quantize_row({row_of(out, row, width)}, x + row * stride, width, range);
  });
}

void quantize_rows(const QuantizedHalves& out, float* x, int stride, int rows, int width) {
  assert(rows >= 0 && width > 0 && stride >= width && out.high.values && out.low.values);
  parallel_for_rows(rows, [&](int row) {
    const Range range = rotate_and_range(x + row * stride, width);
    quantize_row({row_of(out.high, row, width), row_of(out.low, row, width)}, x + row * stride, width, range);
  });
}

}  // namespace vit
