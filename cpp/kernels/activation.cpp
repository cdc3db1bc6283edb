#include "constants.h"
#include "exp.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

f32x4 sigmoid(f32x4 v) { return div(splat(1.0f), add(splat(1.0f), exp(sub(splat(0.0f), v)))); }

// With t = |x|·Φ(−|x|), x·Φ(x) is max(x, 0) − t for either sign of x, without cancellation where x is very
// negative.
f32x4 gelu(f32x4 x) {
  const GeluConstants& c = kGelu;
  const f32x4 magnitude = abs(x);
  f32x4 root = load_splat(&c.series[0]);
  for (int i = 1; i < 7; i++) root = multiply_add(root, magnitude, load_splat(&c.series[i]));
  f32x4 power = root;
  for (int squarings = 0; squarings < 4; squarings++) power = mul(power, power);
  return sub(max(x, splat(0.0f)), div(magnitude, power));
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
