#include "sine.h"

#include <cmath>

namespace vit {
namespace {

// The sine of x + quarters · π/2.
double sine_after(double x, int quarters) {
  // π/2 in two parts, of which the first times a small whole number is nearly exact.
  constexpr double kQuarter = 1.5707963267948966, kRest = 6.123233995736766e-17;
  const double whole = std::floor(x / kQuarter + 0.5);
  const double r = (x - whole * kQuarter) - whole * kRest;
  quarters += static_cast<int>(whole);
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

}  // namespace vit
