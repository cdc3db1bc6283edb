// Overlay of relaxed SIMD on simd_wasm128.h: one instruction for a * b + c, fused where the host can, and the
// tile that goes with it.
//
// The rounding (once or twice) is the host's choice and fixed per engine, so results agree with the plain
// variant to a tolerance, not to the bit.
#pragma once

namespace vit::simd {

inline constexpr int kTileRows = 6;

inline f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) { return {wasm_f32x4_relaxed_madd(a.v, b.v, c.v)}; }

}  // namespace vit::simd
