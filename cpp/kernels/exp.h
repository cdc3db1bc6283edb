// The vector exponential that softmax and the activations share.
#pragma once

#include <initializer_list>

#include "simd.h"

namespace vit::simd {

/// exp(v), relative error below 3e-7 for v in [-87, 88]; v is clamped to that range.
///
/// v = n·ln 2 + r with |r| ≤ ½ ln 2 (ln 2 in two parts, Cody & Waite 1980), then the Taylor series of exp(r)
/// to the seventh degree, whose remainder is below 6e-9.
inline f32x4 exp(f32x4 v) {
  v = max(min(v, splat(88.0f)), splat(-87.0f));
  const f32x4 n = round(mul(v, splat(1.44269504f)));
  const f32x4 high = multiply_add(n, splat(-0.693359375f), v);
  const f32x4 r = multiply_add(n, splat(2.12194440e-4f), high);
  f32x4 series = splat(1.0f / 5040);
  for (float coefficient : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) {
    series = multiply_add(series, r, splat(coefficient));
  }
  return mul(series, power_of_two(n));
}

}  // namespace vit::simd
