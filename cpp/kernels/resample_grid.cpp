#include <algorithm>
#include <cassert>
#include <cmath>

#include "interpolation.h"
#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

// The taps of one output position along one axis.
struct Taps {
  int first;
  int count;
  int last_input;
  double center;
  double stretch;
  double a;  // of keys_cubic; 0: linear
  double total;

  double weight(int tap) const {
    const double x = (first + tap - center) / stretch;
    return (a == 0 ? triangle(x) : keys_cubic(x, a)) / total;
  }
  int input(int tap) const { return std::clamp(first + tap, 0, last_input); }
};

double center_of(int position, int out, int in, bool aligned) {
  if (!aligned) return (position + 0.5) * in / out - 0.5;
  return out > 1 ? static_cast<double>(position) * (in - 1) / (out - 1) : 0;
}

Taps antialiased_taps(double center, double stretch, int in) {
  const int first = std::max(0, static_cast<int>(center + 1 - 2 * stretch));
  const int end = std::min(in, static_cast<int>(center + 1 + 2 * stretch));
  Taps taps{first, end - first, in - 1, center, stretch, -0.5, 1};
  double total = 0;
  for (int tap = 0; tap < taps.count; tap++) total += taps.weight(tap);
  taps.total = total;
  return taps;
}

Taps taps_of(int position, int out, int in, Resampling resampling) {
  const bool aligned =
      resampling == Resampling::bicubic_aligned || resampling == Resampling::bilinear_aligned;
  const double center = center_of(position, out, in, aligned);
  const int nearest = static_cast<int>(std::floor(center));
  switch (resampling) {
    case Resampling::bicubic_antialiased:
      return antialiased_taps(center, std::max(static_cast<double>(in) / out, 1.0), in);
    case Resampling::bicubic:
    case Resampling::bicubic_aligned: return {nearest - 1, 4, in - 1, center, 1, -0.75, 1};
    case Resampling::bilinear:
    case Resampling::bilinear_aligned: break;
  }
  return {nearest, 2, in - 1, center, 1, 0, 1};
}

// out[count] += weight · in.
void accumulate(float* out, const float* in, float weight, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(out + i, multiply_add(load(in + i), splat(weight), load(out + i)));
  for (; i < count; i++) out[i] += weight * in[i];
}

}  // namespace

void resample_grid(float* out, int out_rows, int out_columns, const float* in, int rows, int columns,
                   int channels, Resampling resampling) {
  assert(out_rows >= 1 && out_columns >= 1 && rows >= 1 && columns >= 1 && channels >= 1);
  std::fill_n(out, area(out_rows, out_columns) * channels, 0.0f);
  for (int row = 0; row < out_rows; row++) {
    const Taps down = taps_of(row, out_rows, rows, resampling);
    for (int column = 0; column < out_columns; column++, out += channels) {
      const Taps across = taps_of(column, out_columns, columns, resampling);
      for (int y = 0; y < down.count; y++) {
        const float* line = in + area(down.input(y), columns) * channels;
        for (int x = 0; x < across.count; x++) {
          const float weight = static_cast<float>(down.weight(y) * across.weight(x));
          accumulate(out, line + across.input(x) * channels, weight, channels);
        }
      }
    }
  }
}

}  // namespace vit
