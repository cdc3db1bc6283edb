#include <algorithm>
#include <cmath>

#include "../threads.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

float mean_of(const float* x, int width) {
  f32x4 total = splat(0);
  int i = 0;
  for (; i + 4 <= width; i += 4) total = add(total, load(x + i));
  if (i < width) total = add(total, load_part(x + i, width - i, 0));
  return sum(total) / static_cast<float>(width);
}

float variance_of(const float* x, int width, float mean) {
  const f32x4 means = splat(mean);
  f32x4 total = splat(0);
  int i = 0;
  for (; i + 4 <= width; i += 4) {
    const f32x4 centred = sub(load(x + i), means);
    total = multiply_add(centred, centred, total);
  }
  if (i < width) {
    const f32x4 centred = sub(load_part(x + i, width - i, mean), means);
    total = multiply_add(centred, centred, total);
  }
  return sum(total) / static_cast<float>(width);
}

void norm_row(float* out, const float* x, int width, const float* weight, const float* bias, float eps) {
  const float mean = mean_of(x, width);
  const float scale = 1 / std::sqrt(variance_of(x, width, mean) + eps);
  int i = 0;
  for (; i + 4 <= width; i += 4) {
    const f32x4 normed = mul(sub(load(x + i), splat(mean)), splat(scale));
    store(out + i, multiply_add(normed, load(weight + i), load(bias + i)));
  }
  for (; i < width; i++) out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

// Rows that a thread takes at a time: a few microseconds of work.
constexpr int kBandRows = 16;

}  // namespace

void layer_norm(float* out, const float* x, int rows, int width, const float* weight, const float* bias,
                float eps) {
  parallel_for((rows + kBandRows - 1) / kBandRows, [&](int band) {
    const int end = std::min((band + 1) * kBandRows, rows);
    for (int row = band * kBandRows; row < end; row++) {
      norm_row(out + row * width, x + row * width, width, weight, bias, eps);
    }
  });
}

}  // namespace vit
