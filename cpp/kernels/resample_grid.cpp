#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "simd.h"

namespace vit {
namespace {

using namespace simd;

double keys(double x, double a) {
  x = std::fabs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

// The taps of one output position along one axis.
struct Taps {
  int first;
  int count;
  int last_input;
  double centre;
  double stretch;
  double a;
  double total;

  double weight(int tap) const { return keys((first + tap - centre) / stretch, a) / total; }
  int input(int tap) const { return std::clamp(first + tap, 0, last_input); }
};

Taps taps_of(int position, int out, int in, bool antialias) {
  const double scale = static_cast<double>(in) / out;
  const double centre = (position + 0.5) * scale - 0.5;
  if (!antialias) return {static_cast<int>(std::floor(centre)) - 1, 4, in - 1, centre, 1, -0.75, 1};
  const double stretch = std::max(scale, 1.0);
  const int first = std::max(0, static_cast<int>(centre + 1 - 2 * stretch));
  const int end = std::min(in, static_cast<int>(centre + 1 + 2 * stretch));
  Taps taps{first, end - first, in - 1, centre, stretch, -0.5, 1};
  double total = 0;
  for (int tap = 0; tap < taps.count; tap++) total += taps.weight(tap);
  taps.total = total;
  return taps;
}

// out[count] += weight · in.
void accumulate(float* out, const float* in, float weight, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(out + i, multiply_add(load(in + i), splat(weight), load(out + i)));
  for (; i < count; i++) out[i] += weight * in[i];
}

}  // namespace

void resample_grid(float* out, int out_rows, int out_columns, const float* in, int rows, int columns,
                   int channels, bool antialias) {
  std::fill_n(out, static_cast<size_t>(out_rows) * out_columns * channels, 0.0f);
  for (int row = 0; row < out_rows; row++) {
    const Taps down = taps_of(row, out_rows, rows, antialias);
    for (int column = 0; column < out_columns; column++, out += channels) {
      const Taps across = taps_of(column, out_columns, columns, antialias);
      for (int y = 0; y < down.count; y++) {
        const float* line = in + static_cast<size_t>(down.input(y)) * columns * channels;
        for (int x = 0; x < across.count; x++) {
          const float weight = static_cast<float>(down.weight(y) * across.weight(x));
          accumulate(out, line + across.input(x) * channels, weight, channels);
        }
      }
    }
  }
}

}  // namespace vit
