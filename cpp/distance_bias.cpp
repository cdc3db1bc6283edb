#include "distance_bias.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "elementary.h"
#include "linear.h"

namespace vit {
namespace {

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

void compute_distance_bias(float* bias, const DistanceNetwork& network, const Config& c, int reference) {
  const int rows = grid_rows(c), columns = grid_columns(c), count = 2 * columns - 1, width = c.distance_width;
  std::vector<float> distances(2 * static_cast<size_t>(count));
  std::vector<float> hidden(area(count, width));
  for (int y = 1 - rows; y < rows; y++, bias += count * c.heads) {
    for (int i = 0; i < count; i++) {
      distances[2 * i] = coordinate(y, c, reference);
      distances[2 * i + 1] = coordinate(i - columns + 1, c, reference);
    }
    gemm(hidden.data(), width, distances.data(), 2, count, network.first, Store::replace, Rounding::portable);
    for (float& value : hidden) value = std::max(value, 0.0f);
    gemm(bias, c.heads, hidden.data(), width, count, network.second, Store::replace, Rounding::portable);
    if (!has_windows(c)) continue;
    for (int i = 0; i < count * c.heads; i++) {
      bias[i] = static_cast<float>(16 / (1 + exponential(-static_cast<double>(bias[i]))));
    }
  }
}

}  // namespace vit
