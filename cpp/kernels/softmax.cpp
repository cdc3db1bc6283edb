#include <limits>

#include "exp.h"
#include "kernels.h"
#include "simd.h"

namespace vit {

using namespace simd;

void softmax(float* row, int count) {
  constexpr float kLowest = std::numeric_limits<float>::lowest();
  const int whole = count / 4 * 4;
  const int rest = count - whole;

  f32x4 peaks = splat(kLowest);
  for (int i = 0; i < whole; i += 4) peaks = max(peaks, load(row + i));
  if (rest) peaks = max(peaks, load_part(row + whole, rest, kLowest));
  const f32x4 peak = splat(largest(peaks));

  f32x4 totals = splat(0);
  for (int i = 0; i < whole; i += 4) {
    const f32x4 power = exp(sub(load(row + i), peak));
    store(row + i, power);
    totals = add(totals, power);
  }
  float total = sum(totals);
  if (rest) {
    float powers[4];
    store(powers, exp(sub(load_part(row + whole, rest, kLowest), peak)));
    for (int i = 0; i < rest; i++) total += row[whole + i] = powers[i];
  }

  const float scale = 1 / total;
  for (int i = 0; i < whole; i += 4) store(row + i, mul(load(row + i), splat(scale)));
  for (int i = whole; i < count; i++) row[i] *= scale;
}

}  // namespace vit
