#include <algorithm>
#include <cassert>
#include <limits>

#include "exp.h"
#include "kernels.h"
#include "rounding.h"

namespace vit {

namespace {

using namespace simd;

// In steps of two vectors side by side: what engines that pair vectors look for.
template <Rounding rounding>
void softmax(float* row, int count) {
  // Below every number, so that a row of nothing but -infinity, which has no softmax, becomes NaN.
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  const int pairs = count / 8 * 8;

  f32x4 peaks[2] = {splat(kLowest), splat(kLowest)};
  for (int i = 0; i < pairs; i += 8) {
    peaks[0] = max(peaks[0], load(row + i));
    peaks[1] = max(peaks[1], load(row + i + 4));
  }
  float peak_of_all = largest(max(peaks[0], peaks[1]));
  for (int i = pairs; i < count; i++) peak_of_all = std::max(peak_of_all, row[i]);
  const f32x4 peak = splat(peak_of_all);

  f32x4 totals[2] = {splat(0), splat(0)};
  for (int i = 0; i < pairs; i += 8) {
    const f32x4 left = exp<rounding>(sub(load(row + i), peak));
    const f32x4 right = exp<rounding>(sub(load(row + i + 4), peak));
    store_pair(row + i, left, right);
    totals[0] = add(totals[0], left);
    totals[1] = add(totals[1], right);
  }
  float total = sum(add(totals[0], totals[1]));
  for (int i = pairs; i < count; i += 4) {
    float powers[4];
    store(powers, exp<rounding>(sub(load_up_to_4(row + i, count - i, kLowest), peak)));
    for (int lane = 0; lane < std::min(4, count - i); lane++) total += row[i + lane] = powers[lane];
  }

  const f32x4 scale = splat(1 / total);
  for (int i = 0; i < pairs; i += 8) {
    const f32x4 left = mul(load(row + i), scale), right = mul(load(row + i + 4), scale);
    store_pair(row + i, left, right);
  }
  for (int i = pairs; i < count; i++) row[i] *= 1 / total;
}

}  // namespace

void softmax(float* row, int count, Rounding rounding) {
  assert(count >= 1);
  if (rounding == Rounding::fastest) return softmax<Rounding::fastest>(row, count);
  softmax<Rounding::portable>(row, count);
}

}  // namespace vit
