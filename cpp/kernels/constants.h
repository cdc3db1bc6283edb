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
  float series[6];    // of exp where |x| ≤ ½ ln 2, the lowest degree first; relative error < 1e-7
};
extern const ExpConstants kExp;

/// Φ(−m) ≈ 1 / (a₀ + a₁m + … + a₆m⁶)^16 for m ≥ 0, the form of Abramowitz & Stegun 7.1.28, fitted anew so
/// that m·Φ(−m) is off by 2.2e-7 at most: minimax by Lawson's weights, over 0 ≤ m ≤ 8.
struct GeluConstants {
  float series[7];  // a₀ first
};
extern const GeluConstants kGelu;

}  // namespace vit
