// The SIMD vocabulary on WebAssembly SIMD128. The contract of every name is in simd.h.
#pragma once

#include <wasm_simd128.h>

#include <cstdint>
#include <tuple>

#include "constants.h"

namespace vit::simd {

struct f32x4 {
  v128_t v;
};
struct i32x4 {
  v128_t v;
};
struct i16x8 {
  v128_t v;
};
struct PixelPairs {
  i16x8 left, right;
};

inline f32x4 splat(float x) { return {wasm_f32x4_splat(x)}; }
inline f32x4 load(const float* p) { return {wasm_v128_load(p)}; }
inline void store(float* p, f32x4 v) { wasm_v128_store(p, v.v); }
inline void store_pair(float* p, f32x4 left, f32x4 right) {
  asm volatile("" ::: "memory");
  store(p, left);
  store(p + 4, right);
  asm volatile("" ::: "memory");
}
inline f32x4 load_splat(const float* p) { return {wasm_v128_load32_splat(p)}; }
inline f32x4 constant(const float& x) {
  const float* p = &x;
  asm("" : "+r"(p));
  return load_splat(p);
}
inline f32x4 load_part(const float* p, int n, float fill) {
  return {wasm_f32x4_make(p[0], n > 1 ? p[1] : fill, n > 2 ? p[2] : fill, fill)};
}
inline void store_part(float* p, f32x4 v, int n) {
  if (n == 4) return store(p, v);
  p[0] = wasm_f32x4_extract_lane(v.v, 0);
  if (n > 1) p[1] = wasm_f32x4_extract_lane(v.v, 1);
  if (n > 2) p[2] = wasm_f32x4_extract_lane(v.v, 2);
}

inline f32x4 add(f32x4 a, f32x4 b) { return {wasm_f32x4_add(a.v, b.v)}; }
inline f32x4 sub(f32x4 a, f32x4 b) { return {wasm_f32x4_sub(a.v, b.v)}; }
inline f32x4 mul(f32x4 a, f32x4 b) { return {wasm_f32x4_mul(a.v, b.v)}; }
inline f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) { return add(mul(a, b), c); }
inline f32x4 div(f32x4 a, f32x4 b) { return {wasm_f32x4_div(a.v, b.v)}; }
inline f32x4 min(f32x4 a, f32x4 b) { return {wasm_f32x4_pmin(a.v, b.v)}; }
inline f32x4 max(f32x4 a, f32x4 b) { return {wasm_f32x4_pmax(a.v, b.v)}; }
inline f32x4 abs(f32x4 v) { return {wasm_f32x4_abs(v.v)}; }
inline f32x4 multiply_by_power(f32x4 v, f32x4 n) { return {wasm_i32x4_add(v.v, wasm_i32x4_shl(n.v, 23))}; }
inline float sum(f32x4 v) {
  v128_t halves = wasm_f32x4_add(v.v, wasm_i32x4_shuffle(v.v, v.v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(halves, 0) + wasm_f32x4_extract_lane(halves, 1);
}
inline float largest(f32x4 v) {
  f32x4 halves = max(v, {wasm_i32x4_shuffle(v.v, v.v, 2, 3, 0, 1)});
  return wasm_f32x4_extract_lane(max(halves, {wasm_i32x4_shuffle(halves.v, halves.v, 1, 0, 3, 2)}).v, 0);
}

inline i32x4 splat_i32(int32_t x) { return {wasm_i32x4_splat(x)}; }
inline i32x4 load_i32(const int32_t* p) { return {wasm_v128_load(p)}; }
inline void store_i32(int32_t* p, i32x4 v) { wasm_v128_store(p, v.v); }
inline i32x4 load_bytes(const uint8_t* p) {
  return {wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(p)))};
}
inline i32x4 add(i32x4 a, i32x4 b) { return {wasm_i32x4_add(a.v, b.v)}; }
inline i32x4 sub(i32x4 a, i32x4 b) { return {wasm_i32x4_sub(a.v, b.v)}; }
inline i32x4 mul(i32x4 a, i32x4 b) { return {wasm_i32x4_mul(a.v, b.v)}; }
template <int bits>
inline i32x4 shift_right(i32x4 v) {
  return {wasm_i32x4_shr(v.v, bits)};
}
template <int bits>
inline i32x4 shift_left(i32x4 v) {
  return {wasm_i32x4_shl(v.v, bits)};
}
inline PixelPairs load_pixels(const uint8_t* p) {
  const v128_t bytes = wasm_v128_load(p);
  const v128_t pairs = wasm_i8x16_shuffle(bytes, bytes, 0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15);
  return {{wasm_u16x8_extend_low_u8x16(pairs)}, {wasm_u16x8_extend_high_u8x16(pairs)}};
}
inline i16x8 splat_pair(int32_t x) { return {wasm_i32x4_splat(x)}; }
inline i32x4 dot(i16x8 a, i16x8 b) { return {wasm_i32x4_dot_i16x8(a.v, b.v)}; }
inline void store_bytes(uint8_t* p, i32x4 v) {
  v128_t shorts = wasm_i16x8_narrow_i32x4(v.v, v.v);
  wasm_v128_store32_lane(p, wasm_u8x16_narrow_i16x8(shorts, shorts), 0);
}
inline int32_t sum(i32x4 v) {
  const v128_t halves = wasm_i32x4_add(v.v, wasm_i32x4_shuffle(v.v, v.v, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(wasm_i32x4_add(halves, wasm_i32x4_shuffle(halves, halves, 1, 0, 3, 2)), 0);
}
inline f32x4 to_floats(i32x4 v) { return {wasm_f32x4_convert_i32x4(v.v)}; }
inline i32x4 whole(f32x4 v) { return {wasm_i32x4_sub(v.v, wasm_i32x4_const_splat(kRounderBits))}; }

inline constexpr int kTileRowsUnfused = 5;

}  // namespace vit::simd

#if defined(__wasm_relaxed_simd__)
#include "simd_wasm_relaxed.h"
#else
namespace vit::simd {
inline constexpr int kTileRows = 5;
inline f32x4 fused_multiply_add(f32x4 a, f32x4 b, f32x4 c) { return multiply_add(a, b, c); }

// Weights are widened on their way from memory; inputs, which every panel reads again, once and for all.
using dot_input = int16_t;
inline constexpr int kDotInputs = 4;
inline constexpr int kDotLane = 2;
inline constexpr int kDotColumns = 12;
inline void store_inputs(dot_input* p, i32x4 v) {
  wasm_v128_store64_lane(p, wasm_i16x8_narrow_i32x4(v.v, v.v), 0);
}
inline void store_16_inputs(dot_input* p, const i32x4* v) {
  wasm_v128_store(p, wasm_i16x8_narrow_i32x4(v[0].v, v[1].v));
  wasm_v128_store(p + 8, wasm_i16x8_narrow_i32x4(v[2].v, v[3].v));
}
inline void store_weights(int8_t* p, i32x4 v) {
  const v128_t shorts = wasm_i16x8_narrow_i32x4(v.v, v.v), bytes = wasm_i8x16_narrow_i16x8(shorts, shorts);
  wasm_v128_store16_lane(p, bytes, 0);
  wasm_v128_store16_lane(p + kDotLane * kDotColumns, bytes, 1);
}
inline void store_columns(int8_t* p, const i32x4* v) {
  const v128_t shorts = wasm_i16x8_narrow_i32x4(v[0].v, v[1].v);
  const v128_t bytes = wasm_i8x16_narrow_i16x8(shorts, shorts);
  wasm_v128_store64_lane(p, wasm_i8x16_shuffle(bytes, bytes, 0, 4, 1, 5, 2, 6, 3, 7, 0, 4, 1, 5, 2, 6, 3, 7),
                         0);
}
struct WidenedDots {
  static constexpr int kRows = 3;
  static constexpr int kInputs = 2;
  using Inputs = i16x8;
  using Weights = i16x8;
  static Inputs load_inputs(const dot_input* p) { return {wasm_v128_load32_splat(p)}; }
  static Weights load_weights(const int8_t* p) { return {wasm_i16x8_load8x8(p)}; }
  static i32x4 add(Weights w, Inputs x, i32x4 sum) { return simd::add(sum, dot(x, w)); }
};
using DotKinds = std::tuple<WidenedDots>;
inline DotOrder usable_dots() { return {1, {0}}; }
}  // namespace vit::simd
#endif
