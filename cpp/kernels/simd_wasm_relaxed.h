// Overlay of relaxed SIMD on simd_wasm128.h: one instruction for a * b + c, fused where the host can, the
// tile that goes with it, and dot products of bytes.
//
// The rounding (once or twice) is the host's choice and fixed per engine, so results agree with the plain
// variant to a tolerance, not to the bit.
#pragma once

namespace vit::simd {

inline constexpr int kTileRows = 6;

inline f32x4 fused_multiply_add(f32x4 a, f32x4 b, f32x4 c) {
  return {wasm_f32x4_relaxed_madd(a.v, b.v, c.v)};
}

using dot_input = uint8_t;
inline constexpr int kDotInputs = 8;
inline constexpr int kDotLane = 4;
inline constexpr int kDotColumns = 8;
inline constexpr int kDotRows = 3;
struct dot_inputs {
  v128_t first, second;
};
struct dot_weights {
  v128_t first, second;
};
inline void store_inputs(dot_input* p, i32x4 v) { store_bytes(p, v); }
inline dot_inputs load_inputs(const dot_input* p) {
  return {wasm_v128_load32_splat(p), wasm_v128_load32_splat(p + 4)};
}
inline dot_weights load_weights(const int8_t* p) { return {wasm_v128_load(p), wasm_v128_load(p + 16)}; }
// Four products fit 16 bits (quantisation.h); a product with ones adds pairs of them up.
inline i32x4 dot_add(dot_weights w, dot_inputs x, i32x4 sum) {
  const v128_t pairs = wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(w.first, x.first),
                                      wasm_i16x8_relaxed_dot_i8x16_i7x16(w.second, x.second));
  return {wasm_i32x4_add(sum.v, wasm_i32x4_dot_i16x8(pairs, wasm_i16x8_const_splat(1)))};
}

}  // namespace vit::simd
