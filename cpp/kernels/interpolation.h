// The interpolation functions that resizing images and resampling grids share.
#pragma once

#include <cmath>

namespace vit {

/// Cubic convolution with parameter `a`, 0 from a distance of 2 on (Keys 1981, "Cubic Convolution
/// Interpolation for Digital Image Processing").
inline double keys_cubic(double x, double a) {
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

/// Linear interpolation, 0 from a distance of 1 on.
inline double triangle(double x) {
  x = std::fabs(x);
  return x < 1 ? 1 - x : 0;
}

}  // namespace vit
