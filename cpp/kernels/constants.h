// The constants of the vector functions, kept in memory.
//
// Defined in a file of their own, so that the compiler has to load them: broadcasting from memory is one
// instruction, while V8 builds a vector constant from immediates anew at each use, which was a quarter of
// GELU's time.
#pragma once

namespace vit {

struct ExpConstants {
  float smallest, largest;  // of the arguments
  float log2_e;
  float rounder;  // 1.5 · 2^23
  float minus_ln2_high,
      minus_ln2_low;  // their sum is −ln 2; the first has few bits, so that n times it is exact
  float series[7];    // of exp, the highest degree first
};
extern const ExpConstants kExp;

/// Abramowitz & Stegun 7.1.26: erfc(z) ≈ (a₁t + … + a₅t⁵)·exp(−z²) with t = 1/(1 + pz), z ≥ 0; |error|
/// < 1.5e-7.
struct ErfcConstants {
  float p;
  float series[5];  // a₅ first
  float half;
  float one;
  float sqrt_half;
};
extern const ErfcConstants kErfc;

}  // namespace vit
