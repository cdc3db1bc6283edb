// The vector exponential and sigmoid that softmax and the activations share.
#pragma once

#include "constants.h"
#include "rounding.h"

namespace vit::simd {

/// series[0] + series[1] · x.
template <Rounding rounding>
f32x4 line(const float* series, f32x4 x) {
  return multiply_add<rounding>(constant(series[1]), x, constant(series[0]));
}

/// exp(v), relative error below 3e-7 for v in [-87, 88]; v is clamped to that range.
///
/// v = n·ln 2 + r with |r| ≤ ½ ln 2 (ln 2 in two parts, Cody & Waite 1980), then a polynomial of r, by
/// Estrin's scheme: the cost is the number of results that wait for each other.
template <Rounding rounding>
f32x4 exp(f32x4 v) {
  const ExpConstants& c = kExp;
  v = max(min(v, constant(c.largest)), constant(c.smallest));
  // Leaves n, the whole number nearest to v / ln 2, in the lowest bits.
  const f32x4 shifted = multiply_add<rounding>(v, constant(c.log2_e), constant(c.rounder));
  const f32x4 n = sub(shifted, constant(c.rounder));
  const f32x4 high = multiply_add<rounding>(n, constant(c.minus_ln2_high), v);
  const f32x4 r = multiply_add<rounding>(n, constant(c.minus_ln2_low), high);
  const f32x4 square = mul(r, r);
  f32x4 sum = multiply_add<rounding>(constant(c.series[6]), square, line<rounding>(c.series + 4, r));
  sum = multiply_add<rounding>(sum, square, line<rounding>(c.series + 2, r));
  sum = multiply_add<rounding>(sum, square, line<rounding>(c.series, r));
  return multiply_by_power(sum, shifted);
}

/// 1 / (1 + exp(−v)).
template <Rounding rounding>
f32x4 sigmoid(f32x4 v) {
  return div(splat(1), add(splat(1), exp<rounding>(sub(splat(0), v))));
}

}  // namespace vit::simd
