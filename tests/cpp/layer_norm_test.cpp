#include <gtest/gtest.h>

#include <cmath>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

class LayerNorm : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Widths, LayerNorm, testing::Values(1, 2, 3, 4, 5, 10, 23, 64, 191, 192, 768));

TEST_P(LayerNorm, EqualsItsTwin) {
  const int width = GetParam();
  constexpr int kRows = 3;
  auto x = random_floats(static_cast<size_t>(kRows) * width, 1);
  // A mean far from zero is where a one-pass variance would fail.
  for (int i = 0; i < width; i++) x[i] += 100;
  const auto weight = random_floats(width, 2), bias = random_floats(width, 3);
  std::vector<float> out(x.size() + 1, 9.0f);
  layer_norm(out.data(), x.data(), kRows, width, weight.data(), bias.data(), 1e-6f);
  const auto expected = reference::layer_norm(to_double(x), to_double(weight), to_double(bias), 1e-6f);
  for (size_t i = 0; i < x.size(); i++)
    ASSERT_NEAR(out[i], expected[i], i < size_t(width) ? 2e-4 : 5e-6) << i;
  EXPECT_EQ(out.back(), 9.0f);

  layer_norm(x.data(), x.data(), kRows, width, weight.data(), bias.data(), 1e-6f);
  EXPECT_TRUE(std::equal(x.begin(), x.end(), out.begin())) << "in place";
}

TEST_P(LayerNorm, WithoutABiasDividesByTheRootOfTheMeanSquare) {
  const int width = GetParam();
  constexpr int kRows = 3;
  const auto x = random_floats(static_cast<size_t>(kRows) * width, 4), weight = random_floats(width, 5);
  std::vector<float> out(x.size() + 1, 9.0f);
  layer_norm(out.data(), x.data(), kRows, width, weight.data(), nullptr, 1e-6f);
  for (int row = 0; row < kRows; row++) {
    double squares = 0;
    for (int i = 0; i < width; i++) squares += static_cast<double>(x[row * width + i]) * x[row * width + i];
    const double scale = 1 / std::sqrt(squares / width + 1e-6f);
    for (int i = 0; i < width; i++) {
      ASSERT_NEAR(out[row * width + i], x[row * width + i] * scale * weight[i], 1e-6) << row << ", " << i;
    }
  }
  EXPECT_EQ(out.back(), 9.0f);
}

TEST(LayerNorm, UsesItsEpsilon) {
  const float x[4] = {1e-4f, -1e-4f, 1e-4f, -1e-4f}, ones[4] = {1, 1, 1, 1}, zeros[4] = {};
  float out[4];
  layer_norm(out, x, 1, 4, ones, zeros, 1e-12f);
  EXPECT_NEAR(out[0], 1, 1e-3);
  layer_norm(out, x, 1, 4, ones, zeros, 1e-6f);
  EXPECT_NEAR(out[0], 1e-4 / std::sqrt(1e-8 + 1e-6), 1e-5);
}

TEST(Add, AddsEachValueAndNoMore) {
  for (int count = 1; count <= 9; count++) {
    std::vector<float> x(12, 1.0f);
    const std::vector<float> y(12, 0.25f);
    add(x.data(), y.data(), count);
    for (int i = 0; i < 12; i++) ASSERT_EQ(x[i], i < count ? 1.25f : 1.0f);
  }
}

}  // namespace
}  // namespace vit
