// The SIMD vocabulary: everything a kernel may say about vectors.
//
// A kernel is written once, against these names; a variant of the library chooses what they mean:
//
//   simd_scalar.h        plain C++, for the native build (tests, sanitizers)
//   simd_wasm128.h       WebAssembly SIMD128, in every browser since 2023
//   simd_wasm_relaxed.h  overlay on simd_wasm128.h that fuses a multiply_add
//
// Types
//   f32x4   four floats              i32x4   four signed 32-bit integers
//   i16x8   eight signed 16-bit integers
//
// Floats (p need not be aligned)
//   splat(x)                 x in every lane
//   load(p), store(p, v)     four floats at p
//   load_splat(p)            *p in every lane
//   store_pair(p, l, r)      eight floats at p. Engines that pair vectors (V8's --wasm-revectorize) look for
//                            two adjacent stores with no other memory access in between, and then merge the
//                            two chains of like operations that lead to them
//   constant(x)              x in every lane, loaded again at each use: broadcasting from memory is one
//                            instruction, while V8 builds a vector constant from immediates at each use
//   load_part(p, n, fill)    the first n of four floats at p (1 <= n <= 3), `fill` in the other lanes
//   load_up_to_4(p, n, fill) the same, and all four where n >= 4; `fill` is 0 by default
//   store_part(p, v, n)      the first n lanes (1 <= n <= 4)
//   add, sub, mul, div       lane by lane, each rounded once
//   multiply_add(a, b, c)    a * b + c, rounded twice: the same everywhere
//   fused_multiply_add(a, b, c)
//                            a * b + c, rounded once or twice, as the variant and its host do fastest
//   min, max                 b where b < a (max: a < b), else a; not IEEE's rules for NaN, which cost more
//   abs(v)
//   multiply_by_power(v, n)  v · 2^k, where n = k + kRounder (constants.h), whose lowest bits are the whole
//                            number k; v and the result must not be 0, subnormal or infinite
//   sum(v), largest(v)       over the lanes; the sum is (v0 + v2) + (v1 + v3), so every engine rounds alike
//
// Registers
//   kTileRows, kTileRowsUnfused
//                            rows of a GEMM tile of two vectors' width that keep every accumulator in a
//                            register, with fused_multiply_add and with multiply_add. V8 allocates 15 on
//                            x64: 6 rows where it fuses, 5 where the product needs a register of its own (6
//                            would run at half the speed there)
//
// Integers (wrapping arithmetic)
//   splat_i32(x), load_i32(p), store_i32(p, v)
//   load_bytes(p)            four unsigned bytes, widened
//   add, sub, mul            lane by lane
//   shift_right<bits>(v)     arithmetic
//   shift_left<bits>(v)
//   load_pixels(p)           four pixels of four bytes, widened to 16 bits: the first two (.left) and the
//                            last two (.right), channel by channel (R0 R1 G0 G1 B0 B1 A0 A1)
//   splat_pair(x)            the two 16-bit halves of x in every pair of 16-bit lanes
//   dot(a, b)                a0·b0 + a1·b1, a2·b2 + a3·b3 …: pairs of 16-bit lanes to 32 bits
//   store_bytes(p, v)        four lanes clamped to 0..255, as bytes
//   sum(v)                   over the lanes
//   to_floats(v)             each lane rounded once
//   whole(v)                 k of floats v = k + kRounder
//
// Dot products of bytes (quantization.h): exact, signed weights with inputs of 0..127
//   dot_input                the type an input is kept as
//   kDotInputs               a row of inputs is filled up to whole numbers of these: whole vectors
//   kDotLane                 successive inputs of one output whose weights are adjacent
//   kDotColumns              outputs of a panel
//   store_inputs(p, v)       four lanes of 0..127 as inputs
//   store_16_inputs(p, v)    those of v[0] to v[3]
//   store_weights(p, v)      four lanes of -127..127 as weights of four successive inputs of one output; p is
//                            where the first is to be
//   store_columns(p, v)      the same of four outputs, one per lane, and kDotLane inputs, one per vector of v
//   DotKinds                 the ways to multiply, all with the same result; which is fastest depends on the
//                            host. Each has
//     kRows                    rows whose sums, of a panel's outputs, stay in registers
//     kInputs                  successive inputs that a step multiplies and adds
//     load_inputs(p)           that many inputs, the same in every lane: Inputs
//     load_weights(p)          their weights for four outputs, of which p has the first kDotLane inputs':
//                              Weights
//     add(w, x, sum)           sum + Σ w·x in each lane
//   usable_dots()            the indices of those that are exact here, the one that is probably fastest first
#pragma once

namespace vit::simd {
struct DotOrder {
  int count;
  int kinds[2];
};
}  // namespace vit::simd

#if defined(__wasm_simd128__)
#include "simd_wasm128.h"
#else
#include "simd_scalar.h"
#endif

namespace vit::simd {

inline f32x4 load_up_to_4(const float* p, int n, float fill = 0) {
  return n >= 4 ? load(p) : load_part(p, n, fill);
}

}  // namespace vit::simd
