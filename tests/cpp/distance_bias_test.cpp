#include "../../cpp/distance_bias.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../cpp/score_bias.h"
#include "plain_vit.h"
#include "random.h"

namespace vit {
namespace {

struct Network {
  std::vector<float> first, first_bias, second, second_bias;
};

Network random_network(const Config& c, float scale) {
  const auto width = static_cast<size_t>(c.distance_width), heads = static_cast<size_t>(c.heads);
  Network n{random_floats(2 * width, 1), random_floats(width, 2), random_floats(heads * width, 3),
            random_floats(heads, 4)};
  for (float& value : n.second) value *= scale / static_cast<float>(std::sqrt(width));
  return n;
}

// The formula of distance_bias.h, in double precision.
double expected_bias(const Network& n, const Config& c, int reference, int down, int across, size_t head) {
  const auto length = [&](int step) {
    const double scaled = reference ? 8.0 * std::abs(step) / (reference - 1) : std::abs(step);
    return std::copysign(std::log1p(scaled) / (reference ? std::log(8.0) : 1), step);
  };
  const auto width = static_cast<size_t>(c.distance_width);
  double sum = n.second_bias[head];
  for (size_t i = 0; i < width; i++) {
    const double hidden =
        n.first[2 * i] * length(down) + n.first[2 * i + 1] * length(across) + n.first_bias[i];
    sum += n.second[head * width + i] * std::max(hidden, 0.0);
  }
  return reference ? 16 / (1 + std::exp(-sum)) : sum;
}

// A grid's biases, computed in exactly as much memory as is said to be needed.
std::vector<float> computed(const Network& n, const Config& c, int reference) {
  Arena arena;
  take_distance_network(arena, c);
  EXPECT_TRUE(arena.reserve());
  const DistanceNetwork network = take_distance_network(arena, c);
  pack_outputs(network.first, 0, n.first.data(), 2, c.distance_width);
  pack_outputs(network.second, 0, n.second.data(), c.distance_width, c.heads);
  std::ranges::copy(n.first_bias, network.first.bias);
  std::ranges::copy(n.second_bias, network.second.bias);
  std::vector<float> bias(static_cast<size_t>(bias_rows(c) - extra_biases(c)) * static_cast<size_t>(c.heads));
  std::vector<float> scratch(distance_scratch(c), NAN);
  compute_distance_bias(bias.data(), scratch.data(), network, c, reference);
  return bias;
}

Config grid(int rows, int columns, int width) {
  Config c = kPlainVit;
  c.patch_height = c.patch_width = 1;
  c.image_height = rows, c.image_width = columns;
  c.relative_positions = RelativePositions::shared, c.distance_width = width;
  return c;
}

void expect_formula(const Config& c, int reference) {
  const Network n = random_network(c, 1);
  const std::vector<float> bias = computed(n, c, reference);
  size_t at = 0;
  for (int down = 1 - grid_rows(c); down < grid_rows(c); down++) {
    for (int across = 1 - grid_columns(c); across < grid_columns(c); across++) {
      for (size_t head = 0; head < static_cast<size_t>(c.heads); head++, at++) {
        const double expected = expected_bias(n, c, reference, down, across, head);
        ASSERT_NEAR(bias[at], expected, 1e-5 * std::max(1.0, std::abs(expected))) << down << " " << across;
      }
    }
  }
  EXPECT_EQ(at, bias.size());
}

TEST(DistanceBias, IsWhatTheNetworkGivesOfDistances) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {3, 2}, {1, 60}, {70, 1}, {9, 40}}) {
    expect_formula(grid(rows, columns, 11), 0);
  }
}

TEST(DistanceBias, IsScaledToTheWindowOfPretraining) {
  Config c = grid(5, 5, 512);
  c.windows.count = 1;
  for (int reference : {5, 8}) expect_formula(c, reference);
}

TEST(DistanceBias, NeedsNoMoreMemoryForAWideGrid) {
  EXPECT_EQ(distance_scratch(grid(1, 60000, 7)), distance_scratch(grid(2, 2, 7)));
  EXPECT_LT(distance_scratch(grid(2, 2, 65536)), 4'000'000);
  EXPECT_EQ(distance_scratch(kPlainVit), 0);
}

// The values of damaged weights are whatever they are, but nothing is undefined.
TEST(DistanceBias, OfHugeWeightsIsNoTrap) {
  Config c = grid(3, 3, 4);
  c.windows.count = 1;
  Network n = random_network(c, 1);
  for (float& value : n.second) value = value < 0 ? -3e38f : 3e38f;
  for (float& value : n.first) value *= 1e20f;
  EXPECT_EQ(computed(n, c, 3).size(), 25 * 3);
}

}  // namespace
}  // namespace vit
