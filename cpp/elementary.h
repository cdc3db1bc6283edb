// Elementary functions in double precision, small. The C library's are faster and take arguments of any size,
// and their tables and reductions are a tenth of every download.
#pragma once

namespace vit {

/// sin(x) and cos(x) for |x| up to 10,000: |error| < 1e-15 · max(1, |x|).
double sine(double x);
double cosine(double x);

/// exp(x), relative error < 1e-15 · max(1, |x|); 0 below −708, infinite above 709.
double exponential(double x);

/// ln(x) for x > 0 that is no denormal: |error| < 1e-15 · max(1, |ln x|).
double logarithm(double x);

/// tanh(x), |error| < 1e-15.
double hyperbolic_tangent(double x);

}  // namespace vit
