// Elementary functions in double precision, small. The C library's are faster and take arguments of any size,
// and their tables and reductions are a tenth of every download. Where a value is not a number, so is the
// result.
#pragma once

namespace vit {

/// sin(x) and cos(x), between −1 and 1 but for rounding: |error| < 1e-15 · max(1, |x|). From 2^50 on, sin is
/// 0 and cos is 1; of what is infinite, neither is a number.
double sine(double x);
double cosine(double x);

/// exp(x), relative error < 1e-15 · max(1, |x|); 0 below −708, infinite above 709.
double exponential(double x);

/// ln(x), |error| < 1e-15 · max(1, |ln x|); −∞ of 0, not a number below.
double logarithm(double x);

/// tanh(x), |error| < 1e-15.
double hyperbolic_tangent(double x);

}  // namespace vit
