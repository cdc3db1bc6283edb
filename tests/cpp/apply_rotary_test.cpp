#include <gtest/gtest.h>

#include <cmath>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

class ApplyRotary : public testing::TestWithParam<std::tuple<int, RotationPairs>> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ApplyRotary,
                         testing::Combine(testing::Values(2, 4, 6, 8, 18, 64, 72, 88),
                                          testing::Values(RotationPairs::halves, RotationPairs::neighbors)));

TEST_P(ApplyRotary, EqualsItsTwin) {
  const auto [size, pairs] = GetParam();
  auto x = random_floats(size, 1), angles = random_floats(size / 2, 2);
  for (float& angle : angles) angle *= 30;
  std::vector<float> cos, sin;
  for (float angle : angles) {
    cos.push_back(std::cos(angle));
    sin.push_back(std::sin(angle));
  }
  const auto expected = reference::apply_rotary(to_double(x), to_double(angles), pairs);
  x.push_back(7.0f);
  apply_rotary(x.data(), size, cos.data(), sin.data(), pairs);
  for (int i = 0; i < size; i++) ASSERT_NEAR(x[i], expected[i], 1e-6) << i;
  ASSERT_EQ(x.back(), 7.0f);
}

}  // namespace
}  // namespace vit
