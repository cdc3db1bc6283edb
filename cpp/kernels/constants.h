// The constants of the vector functions, for `constant` (simd.h) to load.
//
// Series were fitted for the least largest error, by Lawson's algorithm in double precision.
#pragma once

#include <bit>
#include <cstdint>

namespace vit {

/// 1.5 · 2^23. Added to a float of magnitude below 2^22, it leaves the nearest whole number, ties to even, in
/// the lowest bits of the sum; subtracted again, it leaves that number as a float.
inline constexpr float kRounder = 0x1.8p23f;
inline constexpr int32_t kRounderBits = std::bit_cast<int32_t>(kRounder);

struct ExpConstants {
  float smallest, largest;  // of the arguments
  float log2_e;
  float rounder;  // kRounder
  float minus_ln2_high,
      minus_ln2_low;  // their sum is −ln 2; the first has few bits, so that n times it is exact
  float series[7];    // of exp where |x| ≤ ½ ln 2, the lowest degree first; relative error < 4e-9
};
inline constexpr ExpConstants kExp = {
    .smallest = -87.0f,
    .largest = 88.0f,
    .log2_e = 1.44269504f,
    .rounder = kRounder,
    .minus_ln2_high = -0.693359375f,
    .minus_ln2_low = 2.12194440e-4f,
    .series = {1.0f, 1.0f, 0.49999994f, 0.166665196f, 0.0416683927f, 0.00836874824f, 0.00138145476f},
};

/// 2^x, for codes of 14 bits.
struct PowerConstants {
  float smallest;  // of x: below a quarter of a code
  float log2_e, log2_of_largest;
  float rounder;    // kRounder
  float series[5];  // of 2^x where |x| ≤ ½, the lowest degree first; relative error < 3e-6
};
inline constexpr PowerConstants kPower = {
    .smallest = -8.0f,
    .log2_e = 1.44269504f,
    .log2_of_largest = 13.9886847f,
    .rounder = kRounder,
    .series = {0.999999285f, 0.693121791f, 0.240247458f, 0.0559179038f, 0.00957010407f},
};

/// Φ(−m) ≈ 1 / (a₀ + a₁m + … + a₆m⁶)^16 for m ≥ 0, the form of Abramowitz & Stegun 7.1.28, fitted anew so
/// that m·Φ(−m) is off by 2.2e-7 at most, over 0 ≤ m ≤ 8.
struct GeluConstants {
  float series[7];  // a₀ first
};
inline constexpr GeluConstants kGelu = {
    .series = {1.04427484f, 5.2063978e-02f, 2.21137167e-02f, 3.37051057e-03f, 7.53223227e-05f, 3.964918e-05f,
               6.98801854e-06f},
};

}  // namespace vit
