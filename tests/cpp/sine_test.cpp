#include "../../cpp/sine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

TEST(Sine, IsTheLibrarys) {
  for (int i = -200000; i <= 200000; i++) {
    const double x = i * (std::abs(i) < 100000 ? 1e-4 : 0.05);
    const double bound = 1e-15 * std::max(1.0, std::abs(x));
    ASSERT_NEAR(sine(x), std::sin(x), bound) << x;
    ASSERT_NEAR(cosine(x), std::cos(x), bound) << x;
  }
}

TEST(Sine, IsExactWhereItIsWhole) {
  EXPECT_EQ(sine(0), 0);
  EXPECT_EQ(cosine(0), 1);
}

}  // namespace
}  // namespace vit
