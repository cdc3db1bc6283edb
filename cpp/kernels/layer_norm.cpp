#include <algorithm>
#include <cassert>
#include <cmath>

#include "../threads.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

// Sums are in two vectors, so that neither waits for the other.
float mean_of(const float* x, int width) {
  f32x4 totals[2] = {splat(0), splat(0)};
  int i = 0;
  for (; i + 8 <= width; i += 8) {
    totals[0] = add(totals[0], load(x + i));
    totals[1] = add(totals[1], load(x + i + 4));
  }
  float total = sum(add(totals[0], totals[1]));
  for (; i < width; i++) total += x[i];
  return total / static_cast<float>(width);
}

float variance_of(const float* x, int width, float mean) {
  const f32x4 means = splat(mean);
  f32x4 totals[2] = {splat(0), splat(0)};
  int i = 0;
  for (; i + 8 <= width; i += 8) {
    const f32x4 left = sub(load(x + i), means), right = sub(load(x + i + 4), means);
    totals[0] = multiply_add(left, left, totals[0]);
    totals[1] = multiply_add(right, right, totals[1]);
  }
  float total = sum(add(totals[0], totals[1]));
  for (; i < width; i++) total += (x[i] - mean) * (x[i] - mean);
  return total / static_cast<float>(width);
}

void norm_row(float* out, const float* x, int width, const float* weight, const float* bias, float eps) {
  const float mean = bias ? mean_of(x, width) : 0;
  const float scale = 1 / std::sqrt(variance_of(x, width, mean) + eps);
  const f32x4 means = splat(mean), scales = splat(scale);
  const auto normed = [&](int i) {
    return multiply_add(mul(sub(load(x + i), means), scales), load(weight + i),
                        bias ? load(bias + i) : splat(0));
  };
  int i = 0;
  for (; i + 8 <= width; i += 8) store_pair(out + i, normed(i), normed(i + 4));
  for (; i < width; i++) out[i] = (x[i] - mean) * scale * weight[i] + (bias ? bias[i] : 0);
}

}  // namespace

void layer_norm(float* out, const float* x, int rows, int width, const float* weight, const float* bias,
                float eps) {
  assert(rows >= 0 && width >= 1 && eps >= 0);
  parallel_for_rows(rows,
                    [&](int row) { norm_row(out + row * width, x + row * width, width, weight, bias, eps); });
}

}  // namespace vit
