// a * b + c as a kernel is asked to round it.
#pragma once

#include "kernels.h"
#include "simd.h"

namespace vit::simd {

template <Rounding rounding>
f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) {
  return rounding == Rounding::fastest ? fused_multiply_add(a, b, c) : multiply_add(a, b, c);
}

}  // namespace vit::simd
