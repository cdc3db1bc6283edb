#include "distance_bias.h"

#include <algorithm>
#include <cmath>

#include "elementary.h"
#include "linear.h"

namespace vit {
namespace {

// As many as fill gemm's tiles, and so few that their activations stay small.
constexpr int kDistancesAtOnce = 48;

// A step on an axis as the network sees it.
float coordinate(int step, const Config& c, int reference) {
  const bool windowed = has_windows(c);
  const double scaled = windowed ? 8.0 * step / std::max(reference - 1, 1) : step;
  const double length = logarithm(std::abs(scaled) + 1) / (windowed ? logarithm(8) : 1);
  return static_cast<float>(std::copysign(length, scaled));
}

}  // namespace

DistanceNetwork take_distance_network(Arena& arena, const Config& c) {
  if (c.distance_width == 0) return {};
  const PackedMatrix first = take_matrix(arena, 2, c.distance_width);
  return {first, take_matrix(arena, c.distance_width, c.heads)};
}

uint64_t distance_steps(const Config& c) {
  const auto along = [](int patches) { return 2 * static_cast<uint64_t>(patches) - 1; };
  return along(grid_rows(c)) * along(grid_columns(c)) * static_cast<uint64_t>(c.distance_width) *
         (2 + static_cast<uint64_t>(c.heads));
}

size_t distance_scratch(const Config& c) {
  return c.distance_width ? kDistancesAtOnce * (2 + static_cast<size_t>(c.distance_width)) : 0;
}

void compute_distance_bias(float* bias, float* scratch, const DistanceNetwork& network, const Config& c,
                           int reference) {
  const int rows = grid_rows(c), columns = grid_columns(c), across = 2 * columns - 1;
  const int all = (2 * rows - 1) * across, width = c.distance_width;
  float *distances = scratch, *hidden = scratch + 2 * kDistancesAtOnce;
  for (int first = 0; first < all; first += kDistancesAtOnce) {
    const int count = std::min(kDistancesAtOnce, all - first);
    for (int i = 0; i < count; i++) {
      distances[2 * i] = coordinate((first + i) / across + 1 - rows, c, reference);
      distances[2 * i + 1] = coordinate((first + i) % across + 1 - columns, c, reference);
    }
    gemm(hidden, width, distances, 2, count, network.first, Store::replace, Rounding::portable);
    for (int i = 0; i < count * width; i++) hidden[i] = std::max(hidden[i], 0.0f);
    gemm(bias, c.heads, hidden, width, count, network.second, Store::replace, Rounding::portable);
    if (has_windows(c)) {
      for (int i = 0; i < count * c.heads; i++) {
        bias[i] = static_cast<float>(16 / (1 + exponential(-static_cast<double>(bias[i]))));
      }
    }
    bias += count * c.heads;
  }
}

}  // namespace vit
