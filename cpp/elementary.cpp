#include "elementary.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace vit {
namespace {

// ln 2 in two parts.
constexpr double kLn2 = 0.6931471805599453, kLn2Rest = 2.3190468138462996e-17;

constexpr double kLeastNormal = 0x1p-1022;

// 1 / i!
constexpr auto kInverseFactorials = [] {
  std::array<double, 14> inverse{1};
  for (size_t i = 1; i < inverse.size(); i++) inverse[i] = inverse[i - 1] / static_cast<double>(i);
  return inverse;
}();

// The sine of x + quarters · π/2.
double sine_after(double x, int quarters) {
  // π/2 in two parts, of which the first times a small whole number is nearly exact.
  constexpr double kQuarter = 1.5707963267948966, kRest = 6.123233995736766e-17;
  // Neighbors of larger numbers are further apart than a turn's sixteenth: any angle is as right as another.
  if (!(std::abs(x) < 0x1p50)) return quarters + (x - x);
  const double whole = std::floor(x / kQuarter + 0.5);
  const double r = (x - whole * kQuarter) - whole * kRest;
  quarters += static_cast<int>(whole - 4 * std::floor(whole / 4));
  // Taylor's series of the sine, or of the cosine, of at most π/4.
  double term = quarters % 2 ? 1 : r, sum = term;
  for (int n = quarters % 2 ? 1 : 2; n < 18; n += 2) {
    term *= -r * r / (n * (n + 1));
    sum += term;
  }
  return quarters & 2 ? -sum : sum;
}

}  // namespace

double sine(double x) { return sine_after(x, 0); }

double cosine(double x) { return sine_after(x, 1); }

double exponential(double x) {
  if (x < -708) return 0;
  if (!(x <= 709)) return x + INFINITY;
  // x = n · ln 2 + r with |r| ≤ ½ ln 2, and Taylor's series of r: its even and its odd terms, which do not
  // wait for each other.
  const double n = std::floor(x / kLn2 + 0.5);
  const double r = (x - n * kLn2) - n * kLn2Rest, square = r * r;
  double even = 0, odd = 0;
  for (int i = 12; i >= 0; i -= 2) {
    odd = odd * square + kInverseFactorials[i + 1];
    even = even * square + kInverseFactorials[i];
  }
  return std::bit_cast<double>(std::bit_cast<int64_t>(even + r * odd) + (static_cast<int64_t>(n) << 52));
}

double logarithm(double x) {
  if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
  if (x == INFINITY) return x;
  if (x < kLeastNormal) return logarithm(x * 0x1p54) - 54 * kLn2;
  // x = m · 2ⁿ with m between √½ and √2, and ln m = 2 artanh((m − 1) / (m + 1)).
  const int64_t bits = std::bit_cast<int64_t>(x);
  int64_t n = (bits >> 52) - 1023;
  double m = std::bit_cast<double>(bits - (n << 52));
  if (m > 1.4142135623730951) m /= 2, n++;
  const double s = (m - 1) / (m + 1), square = s * s;
  double term = s, sum = s;
  for (int i = 3; i < 25; i += 2) sum += (term *= square) / i;
  return static_cast<double>(n) * kLn2 + 2 * sum;
}

double hyperbolic_tangent(double x) { return 1 - 2 / (exponential(2 * x) + 1); }

}  // namespace vit
