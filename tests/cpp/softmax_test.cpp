#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

class Softmax : public testing::TestWithParam<std::tuple<int, Rounding>> {};
INSTANTIATE_TEST_SUITE_P(Counts, Softmax,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 7, 8, 13, 17, 197, 1000, 21843),
                                          testing::Values(Rounding::fastest, Rounding::portable)));

TEST_P(Softmax, EqualsItsTwin) {
  const auto [count, rounding] = GetParam();
  for (float scale : {0.1f, 1.0f, 30.0f}) {
    auto row = random_floats(count, 5);
    for (float& value : row) value = value * scale - 500;
    const auto expected = reference::softmax(to_double(row));
    row.push_back(7.0f);
    softmax(row.data(), count, rounding);
    for (size_t i = 0; i < expected.size(); i++)
      ASSERT_NEAR(row[i], expected[i], 1e-6 * expected[i] + 1e-7) << i;
    ASSERT_EQ(row.back(), 7.0f);
  }
}

TEST(Softmax, SurvivesLogitsFarApart) {
  float row[5] = {1000, -1000, 1000, -3e38f, 0};
  softmax(row, 5, Rounding::fastest);
  EXPECT_NEAR(row[0], 0.5, 1e-6);
  EXPECT_NEAR(row[2], 0.5, 1e-6);
  EXPECT_NEAR(row[1] + row[3] + row[4], 0, 1e-30);
}

// What is not finite has to show in the answer, not turn into one that looks like any other.
TEST(Softmax, KeepsWhatIsNotANumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int count : {1, 5, 8, 17}) {
    for (Rounding rounding : {Rounding::fastest, Rounding::portable}) {
      std::vector<float> lowest(static_cast<size_t>(count), -kInfinity);
      softmax(lowest.data(), count, rounding);
      for (float bad : {kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
        std::vector<float> row(static_cast<size_t>(count), 1.0f);
        row.back() = bad;
        softmax(row.data(), count, rounding);
        EXPECT_TRUE(std::isnan(row.front())) << bad;
        EXPECT_TRUE(std::isnan(lowest.front()));
      }
    }
  }
}

}  // namespace
}  // namespace vit
