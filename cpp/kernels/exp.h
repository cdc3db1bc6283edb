// The vector exponential that softmax and the activations share.
#pragma once

#include "constants.h"
#include "simd.h"

namespace vit::simd {

/// exp(v), relative error below 4e-7 for v in [-87, 88]; v is clamped to that range.
///
/// v = n·ln 2 + r with |r| ≤ ½ ln 2 (ln 2 in two parts, Cody & Waite 1980), then the Taylor series of exp(r)
/// to the sixth degree, whose remainder is below 1.3e-7.
inline f32x4 exp(f32x4 v) {
  const ExpConstants& c = kExp;
  v = max(min(v, load_splat(&c.largest)), load_splat(&c.smallest));
  // Added to a float, the rounder makes it a whole number that stands in the lowest bits.
  const f32x4 shifted = multiply_add(v, load_splat(&c.log2_e), load_splat(&c.rounder));
  const f32x4 n = sub(shifted, load_splat(&c.rounder));
  const f32x4 high = multiply_add(n, load_splat(&c.minus_ln2_high), v);
  const f32x4 r = multiply_add(n, load_splat(&c.minus_ln2_low), high);
  f32x4 sum = load_splat(&c.series[0]);
  for (int degree = 1; degree <= 6; degree++) sum = multiply_add(sum, r, load_splat(&c.series[degree]));
  return multiply_by_power(sum, shifted);
}

}  // namespace vit::simd
