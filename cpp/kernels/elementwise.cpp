#include <algorithm>
#include <cassert>

#include "exp.h"
#include "kernels.h"
#include "simd.h"

namespace vit {

using namespace simd;

void add(float* x, const float* y, int count) {
  assert(count >= 0);
  int i = 0;
  for (; i + 4 <= count; i += 4) store(x + i, add(load(x + i), load(y + i)));
  for (; i < count; i++) x[i] += y[i];
}

void multiply(float* x, const float* y, int count) {
  assert(count >= 0);
  int i = 0;
  for (; i + 4 <= count; i += 4) store(x + i, mul(load(x + i), load(y + i)));
  for (; i < count; i++) x[i] *= y[i];
}

void mean_of_rows(float* out, const float* x, int rows, int width) {
  assert(rows >= 1 && width >= 0 && out != x);
  std::fill_n(out, width, 0.0f);
  for (int row = 0; row < rows; row++) add(out, x + row * width, width);
  for (int i = 0; i < width; i++) out[i] /= static_cast<float>(rows);
}

void sigmoid(float* values, int count) {
  assert(count >= 0);
  for (int i = 0; i < count; i += 4) {
    const f32x4 results = sigmoid<Rounding::portable>(load_up_to_4(values + i, count - i));
    store_part(values + i, results, std::min(4, count - i));
  }
}

}  // namespace vit
