#include <algorithm>
#include <cassert>

#include "constants.h"
#include "exp.h"
#include "kernels.h"
#include "rounding.h"

namespace vit {
namespace {

using namespace simd;

// With t = |x|·Φ(−|x|), x·Φ(x) is max(x, 0) − t for either sign of x, without cancellation where x is very
// negative.
template <Rounding rounding>
f32x4 gelu(f32x4 x) {
  const GeluConstants& c = kGelu;
  const f32x4 magnitude = abs(x), square = mul(magnitude, magnitude);
  f32x4 root = multiply_add<rounding>(constant(c.series[6]), square, line<rounding>(c.series + 4, magnitude));
  root = multiply_add<rounding>(root, square, line<rounding>(c.series + 2, magnitude));
  root = multiply_add<rounding>(root, square, line<rounding>(c.series, magnitude));
  f32x4 power = root;
  for (int squarings = 0; squarings < 4; squarings++) power = mul(power, power);
  return sub(max(x, splat(0.0f)), div(magnitude, power));
}

template <Rounding rounding>
f32x4 gelu_tanh(f32x4 x) {
  // 2·√(2/π) and that times 0.044715.
  const f32x4 inner = multiply_add<rounding>(mul(x, x), splat(0.0713548163f), splat(1.59576912f));
  return mul(x, sigmoid<rounding>(mul(x, inner)));
}

template <Rounding rounding>
f32x4 quick_gelu(f32x4 x) {
  return mul(x, sigmoid<rounding>(mul(x, splat(1.702f))));
}

template <Rounding rounding>
f32x4 silu(f32x4 x) {
  return mul(x, sigmoid<rounding>(x));
}

f32x4 relu(f32x4 x) { return max(x, splat(0.0f)); }

// Two vectors at a time, side by side: what engines that pair vectors look for.
template <f32x4 (*function)(f32x4)>
void apply(float* values, int count) {
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    const f32x4 left = function(load(values + i)), right = function(load(values + i + 4));
    store_pair(values + i, left, right);
  }
  for (; i < count; i += 4) {
    store_part(values + i, function(load_up_to_4(values + i, count - i)), std::min(4, count - i));
  }
}

template <Rounding rounding>
void activate(float* values, int count, Activation activation) {
  switch (activation) {
    case Activation::gelu: return apply<gelu<rounding>>(values, count);
    case Activation::gelu_tanh: return apply<gelu_tanh<rounding>>(values, count);
    case Activation::quick_gelu: return apply<quick_gelu<rounding>>(values, count);
    case Activation::relu: return apply<relu>(values, count);
    case Activation::silu: return apply<silu<rounding>>(values, count);
  }
}

}  // namespace

void activate(float* values, int count, Activation activation, Rounding rounding) {
  assert(count >= 0);
  if (rounding == Rounding::fastest) return activate<Rounding::fastest>(values, count, activation);
  activate<Rounding::portable>(values, count, activation);
}

}  // namespace vit
