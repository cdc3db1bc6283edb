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
inline void store_inputs(dot_input* p, i32x4 v) { store_bytes(p, v); }
inline void store_16_inputs(dot_input* p, const i32x4* v) {
  wasm_v128_store(p, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(v[0].v, v[1].v),
                                             wasm_i16x8_narrow_i32x4(v[2].v, v[3].v)));
}
inline void store_weights(int8_t* p, i32x4 v) {
  const v128_t shorts = wasm_i16x8_narrow_i32x4(v.v, v.v);
  wasm_v128_store32_lane(p, wasm_i8x16_narrow_i16x8(shorts, shorts), 0);
}
inline void store_columns(int8_t* p, const i32x4* v) {
  const v128_t bytes = wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(v[0].v, v[1].v),
                                               wasm_i16x8_narrow_i32x4(v[2].v, v[3].v));
  wasm_v128_store(p, wasm_i8x16_shuffle(bytes, bytes, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
}

/// One instruction, as some hosts have it: Intel since 2021, Zen 5, ARM since 2018.
struct WholeDots {
  static constexpr int kRows = 6;
  static constexpr int kInputs = 4;
  using Inputs = i32x4;
  using Weights = i32x4;
  static Inputs load_inputs(const dot_input* p) { return {wasm_v128_load32_splat(p)}; }
  static Weights load_weights(const int8_t* p) { return {wasm_v128_load(p)}; }
  static i32x4 add(Weights w, Inputs x, i32x4 sum) {
    return {wasm_i32x4_relaxed_dot_i8x16_i7x16_add(w.v, x.v, sum.v)};
  }
};

/// For the others, five for twice as many products: four of them fit 16 bits (quantization.h), and a product
/// with ones adds pairs of them up.
struct PairedDots {
  static constexpr int kRows = 3;
  static constexpr int kInputs = 8;
  struct Inputs {
    v128_t first, second;
  };
  using Weights = Inputs;
  static Inputs load_inputs(const dot_input* p) {
    return {wasm_v128_load32_splat(p), wasm_v128_load32_splat(p + kDotLane)};
  }
  static Weights load_weights(const int8_t* p) {
    return {wasm_v128_load(p), wasm_v128_load(p + kDotLane * kDotColumns)};
  }
  static i32x4 add(Weights w, Inputs x, i32x4 sum) {
    const v128_t pairs = wasm_i16x8_add(wasm_i16x8_relaxed_dot_i8x16_i7x16(w.first, x.first),
                                        wasm_i16x8_relaxed_dot_i8x16_i7x16(w.second, x.second));
    return {wasm_i32x4_add(sum.v, wasm_i32x4_dot_i16x8(pairs, wasm_i16x8_const_splat(1)))};
  }
};

using DotKinds = std::tuple<WholeDots, PairedDots>;

inline DotOrder usable_dots() {
  const auto dot = [](int32_t inputs, int32_t sum) {
    volatile int32_t hidden = inputs;  // so that no compiler knows the result
    const WholeDots::Weights weights = {wasm_i8x16_const_splat(127)};
    return wasm_i32x4_extract_lane(WholeDots::add(weights, splat_i32(hidden), splat_i32(sum)).v, 0);
  };
  // V8 11.3 (Node 20) loses the sum in code that it has not optimized yet; later versions do not.
  if (dot(0x7f7f7f7f, 1) != 1 + 4 * 127 * 127) return {1, {1}};
  // Beyond the seven bits that inputs have, an instruction that is composed of others gives itself away: two
  // products saturate in 16 bits.
  if (dot(-1, 0) == 2 * 32767) return {2, {1, 0}};
  return {2, {0, 1}};
}

}  // namespace vit::simd
