#include <initializer_list>

#include "exp.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

f32x4 sigmoid(f32x4 v) { return div(splat(1.0f), add(splat(1.0f), exp(sub(splat(0.0f), v)))); }

// With q = 1 − erf(|x|/√2), x·Φ(x) is max(x, 0) − ½·|x|·q for either sign of x: no cancellation where x is
// very negative. q by Abramowitz & Stegun 7.1.26, absolute error 1.5e-7.
f32x4 gelu(f32x4 x) {
  const f32x4 magnitude = abs(x);
  const f32x4 z = mul(magnitude, splat(0.70710678f));
  const f32x4 t = div(splat(1.0f), multiply_add(z, splat(0.3275911f), splat(1.0f)));
  f32x4 series = splat(1.061405429f);
  for (float coefficient : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f}) {
    series = multiply_add(series, t, splat(coefficient));
  }
  const f32x4 q = mul(mul(series, t), exp(mul(sub(splat(0.0f), z), z)));
  return sub(max(x, splat(0.0f)), mul(mul(magnitude, splat(0.5f)), q));
}

f32x4 gelu_tanh(f32x4 x) {
  // 2·√(2/π) and that times 0.044715.
  const f32x4 inner = multiply_add(mul(x, x), splat(0.0713548163f), splat(1.59576912f));
  return mul(x, sigmoid(mul(x, inner)));
}

f32x4 quick_gelu(f32x4 x) { return mul(x, sigmoid(mul(x, splat(1.702f)))); }
f32x4 relu(f32x4 x) { return max(x, splat(0.0f)); }
f32x4 silu(f32x4 x) { return mul(x, sigmoid(x)); }

template <f32x4 (*function)(f32x4)>
void apply(float* values, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(values + i, function(load(values + i)));
  if (i < count) store_part(values + i, function(load_part(values + i, count - i, 0)), count - i);
}

}  // namespace

void activate(float* values, int count, Activation activation) {
  switch (activation) {
    case Activation::gelu: return apply<gelu>(values, count);
    case Activation::gelu_tanh: return apply<gelu_tanh>(values, count);
    case Activation::quick_gelu: return apply<quick_gelu>(values, count);
    case Activation::relu: return apply<relu>(values, count);
    case Activation::silu: return apply<silu>(values, count);
  }
}

}  // namespace vit
