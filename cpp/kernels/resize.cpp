#include "resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

#include "../elementary.h"
#include "interpolation.h"
#include "simd.h"
#include "sizes.h"

namespace vit {
namespace {

double sinc(double x) { return x == 0 ? 1 : sine(x * std::numbers::pi) / (x * std::numbers::pi); }

double hamming(double x) {
  if (x >= 1) return 0;
  return sinc(x) * (0.54 + 0.46 * cosine(x * std::numbers::pi));
}

double evaluate(Filter filter, double x) {
  // Box alone is not symmetric: (−½, ½].
  if (filter == Filter::box) return x > -0.5 && x <= 0.5 ? 1 : 0;
  x = std::fabs(x);
  switch (filter) {
    case Filter::bilinear: return triangle(x);
    case Filter::bicubic: return keys_cubic(x, -0.5);
    case Filter::hamming: return hamming(x);
    default: return x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
}

// How many of a coefficient's bits are its lower part, when it is split in two that fit 16 bits with their
// sign.
constexpr int kLowBits = 12;

int32_t to_fixed_point(double weight) {
  return static_cast<int32_t>(weight * (1 << kCoefficientBits) + (weight < 0 ? -0.5 : 0.5));
}

}  // namespace

double filter_support(Filter filter) {
  switch (filter) {
    case Filter::box: return 0.5;
    case Filter::bilinear:
    case Filter::hamming: return 1;
    case Filter::bicubic: return 2;
    case Filter::lanczos: return 3;
  }
  return 0;
}

bool vertical_first(int in_width, int in_height, int out_width, int out_height) {
  return out_height < in_height && in_height - out_height > 2 * (in_width - out_width);
}

int tap_count(Filter filter, int in, int out) {
  assert(in >= 1 && out >= 1);
  const double stretch = std::max(1.0, static_cast<double>(in) / out);
  return static_cast<int>(std::ceil(filter_support(filter) * stretch)) * 2 + 1;
}

void plan_axis(ResizeAxis& axis, Filter filter, int in, int out, int offset, int crop) {
  assert(in >= 1 && out >= 1 && crop >= 0);
  assert(axis.first && axis.count && (axis.weights || axis.coefficients));
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(1.0, scale);
  const double support = filter_support(filter) * stretch;
  axis.window_first = std::max(0, -offset);
  axis.window_count = std::min(crop, out - offset) - axis.window_first;
  axis.taps = tap_count(filter, in, out);

  for (int i = 0; i < axis.window_count; i++) {
    const double center = (offset + axis.window_first + i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(center - support + 0.5));
    const int count = std::min(in, static_cast<int>(center + support + 0.5)) - first;
    // 1/stretch, not a division by it: the product rounds differently, and Pillow multiplies.
    const auto weight = [&](int t) { return evaluate(filter, (t + first - center + 0.5) * (1 / stretch)); };
    double total = 0;
    for (int t = 0; t < count; t++) total += weight(t);
    const size_t taps = area(i, axis.taps);
    for (int t = 0; t < count; t++) {
      const double share = total != 0 ? weight(t) / total : weight(t);
      if (axis.weights) {
        axis.weights[taps + t] = static_cast<float>(share);
      } else {
        axis.coefficients[taps + t] = to_fixed_point(share);
      }
    }
    axis.first[i] = first;
    axis.count[i] = count;
  }
}

void split_coefficients(ResizeAxis& axis) {
  assert(axis.coefficients);
  for (int i = 0; i < axis.window_count; i++) {
    int32_t* c = axis.coefficients + area(i, axis.taps);
    for (int t = 0; t + 4 <= axis.count[i]; t += 4, c += 4) {
      const auto high = [](int32_t value) { return value >> kLowBits; };
      const auto low = [](int32_t value) { return value & ((1 << kLowBits) - 1); };
      const auto pair = [](int32_t left, int32_t right) {
        return static_cast<int32_t>(static_cast<uint32_t>(left & 0xffff) | static_cast<uint32_t>(right)
                                                                               << 16);
      };
      const int32_t split[] = {pair(high(c[0]), high(c[1])), pair(high(c[2]), high(c[3])),
                               pair(low(c[0]), low(c[1])), pair(low(c[2]), low(c[3]))};
      std::copy_n(split, 4, c);
    }
  }
}

void resize_row(uint8_t* out, const uint8_t* rgba, const ResizeAxis& axis) {
  assert(axis.coefficients);
  using namespace simd;
  for (int i = 0; i < axis.window_count; i++) {
    const int32_t* c = axis.coefficients + area(i, axis.taps);
    const uint8_t* pixel = rgba + area(axis.first[i], 4);
    i32x4 high = splat_i32(0), sum = splat_i32(kHalf);
    int t = 0;
    for (; t + 4 <= axis.count[i]; t += 4) {
      const auto [left, right] = load_pixels(pixel + 4 * t);
      high = add(high, add(dot(left, splat_pair(c[t])), dot(right, splat_pair(c[t + 1]))));
      sum = add(sum, add(dot(left, splat_pair(c[t + 2])), dot(right, splat_pair(c[t + 3]))));
    }
    // Partial sums may wrap; the total is exact modulo 2³².
    sum = add(sum, shift_left<kLowBits>(high));
    for (; t < axis.count[i]; t++) sum = add(sum, mul(load_bytes(pixel + 4 * t), splat_i32(c[t])));
    store_bytes(out + 4 * i, shift_right<kCoefficientBits>(sum));
  }
}

void accumulate_row(int32_t* sums, const uint8_t* row, int32_t coefficient, int count) {
  assert(count >= 0);
  using namespace simd;
  const i32x4 factor = splat_i32(coefficient);
  for (int i = 0; i < 4 * count; i += 4) {
    store_i32(sums + i, add(load_i32(sums + i), mul(load_bytes(row + i), factor)));
  }
}

void resize_row(float* out, const uint8_t* rgba, const ResizeAxis& axis) {
  assert(axis.weights);
  using namespace simd;
  for (int i = 0; i < axis.window_count; i++) {
    const float* weights = axis.weights + area(i, axis.taps);
    const uint8_t* pixel = rgba + area(axis.first[i], 4);
    f32x4 sum = splat(0);
    for (int t = 0; t < axis.count[i]; t++) {
      sum = multiply_add(to_floats(load_bytes(pixel + 4 * t)), load_splat(weights + t), sum);
    }
    store(out + 4 * i, sum);
  }
}

void accumulate_row(float* sums, const float* row, float weight, int count) {
  assert(count >= 0);
  using namespace simd;
  const f32x4 factor = splat(weight);
  for (int i = 0; i < 4 * count; i += 4) {
    store(sums + i, multiply_add(load(row + i), factor, load(sums + i)));
  }
}

void finish_row(uint8_t* row, const int32_t* sums, int count) {
  assert(count >= 0);
  using namespace simd;
  for (int i = 0; i < 4 * count; i += 4)
    store_bytes(row + i, shift_right<kCoefficientBits>(load_i32(sums + i)));
}

}  // namespace vit
