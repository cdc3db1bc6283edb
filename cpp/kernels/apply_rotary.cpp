#include <cassert>

#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

void apply_to_halves(float* x, int size, const float* cos, const float* sin) {
  const int pairs = size / 2;
  float* y = x + pairs;
  int i = 0;
  for (; i + 4 <= pairs; i += 4) {
    const f32x4 a = load(x + i), b = load(y + i), c = load(cos + i), s = load(sin + i);
    store(x + i, sub(mul(a, c), mul(b, s)));
    store(y + i, add(mul(b, c), mul(a, s)));
  }
  for (; i < pairs; i++) {
    const float a = x[i], b = y[i];
    x[i] = a * cos[i] - b * sin[i];
    y[i] = b * cos[i] + a * sin[i];
  }
}

void apply_to_neighbors(float* x, int size, const float* cos, const float* sin) {
  for (int i = 0; i < size / 2; i++) {
    const float a = x[2 * i], b = x[2 * i + 1];
    x[2 * i] = a * cos[i] - b * sin[i];
    x[2 * i + 1] = b * cos[i] + a * sin[i];
  }
}

}  // namespace

void apply_rotary(float* x, int size, const float* cos, const float* sin, RotationPairs pairs) {
  assert(size >= 0 && size % 2 == 0);
  if (pairs == RotationPairs::halves) {
    apply_to_halves(x, size, cos, sin);
  } else {
    apply_to_neighbors(x, size, cos, sin);
  }
}

}  // namespace vit
