#include <gtest/gtest.h>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

class Elementwise : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Counts, Elementwise, testing::Values(1, 2, 3, 4, 5, 7, 8, 23, 192, 1001));

TEST_P(Elementwise, SigmoidEqualsItsTwin) {
  for (float scale : {0.5f, 5.0f, 60.0f}) {
    auto values = random_floats(GetParam(), 1);
    for (float& value : values) value *= scale;
    const auto expected = reference::sigmoid(to_double(values));
    values.push_back(7.0f);
    sigmoid(values.data(), GetParam());
    for (size_t i = 0; i < expected.size(); i++) ASSERT_NEAR(values[i], expected[i], 3e-7) << i;
    ASSERT_EQ(values.back(), 7.0f);
  }
}

TEST_P(Elementwise, AddAndMultiplyDoSoInPlace) {
  const int count = GetParam();
  auto sums = random_floats(count, 2), products = sums;
  const auto x = sums, y = random_floats(count, 3);
  sums.push_back(7.0f);
  products.push_back(7.0f);
  add(sums.data(), y.data(), count);
  multiply(products.data(), y.data(), count);
  for (int i = 0; i < count; i++) {
    ASSERT_EQ(sums[i], x[i] + y[i]);
    ASSERT_EQ(products[i], x[i] * y[i]);
  }
  ASSERT_EQ(sums.back(), 7.0f);
  ASSERT_EQ(products.back(), 7.0f);
}

TEST_P(Elementwise, TheMeanOfRowsEqualsItsTwin) {
  for (int rows : {1, 2, 37, 1370}) {
    const int width = GetParam();
    const auto x = random_floats(static_cast<size_t>(rows) * width, 4);
    std::vector<float> out(width + 1, 7.0f);
    mean_of_rows(out.data(), x.data(), rows, width);
    const auto expected = reference::mean_of_rows(to_double(x), width);
    for (int i = 0; i < width; i++) ASSERT_NEAR(out[i], expected[i], 1e-6) << rows << " rows, " << i;
    ASSERT_EQ(out.back(), 7.0f);
  }
}

TEST(Sigmoid, SurvivesLogitsFarOut) {
  float values[4] = {1000, -1000, 3e38f, -3e38f};
  sigmoid(values, 4);
  EXPECT_EQ(values[0], 1);
  EXPECT_NEAR(values[1], 0, 1e-30);
  EXPECT_EQ(values[2], 1);
  EXPECT_NEAR(values[3], 0, 1e-30);
}

}  // namespace
}  // namespace vit
