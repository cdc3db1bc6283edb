// Sine and cosine of moderate angles. The C library's also take angles of any size, whose reduction alone is
// 2 KB of every download.
#pragma once

namespace vit {

/// sin(x) and cos(x) for |x| up to 10,000, in double precision: |error| < 1e-15 · max(1, |x|).
double sine(double x);
double cosine(double x);

}  // namespace vit
