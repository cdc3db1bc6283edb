#include "../../cpp/elementary.h"

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

TEST(Exponential, IsTheLibrarys) {
  for (int i = -708000; i <= 709000; i++) {
    const double x = i * 1e-3;
    ASSERT_NEAR(exponential(x) / std::exp(x), 1, 1e-15 * std::max(1.0, std::abs(x))) << x;
  }
  EXPECT_EQ(exponential(0), 1);
  EXPECT_EQ(exponential(-708.1), 0);
  EXPECT_EQ(exponential(-INFINITY), 0);
  EXPECT_EQ(exponential(709.1), INFINITY);
}

TEST(Logarithm, IsTheLibrarys) {
  for (int i = -300000; i <= 300000; i++) {
    const double x = std::pow(10, i * 1e-3);
    ASSERT_NEAR(logarithm(x), std::log(x), 1e-15 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
  for (int i = 1; i < 100000; i++) {
    const double x = i * 1e-4;
    ASSERT_NEAR(logarithm(x), std::log(x), 1e-15 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
  EXPECT_EQ(logarithm(1), 0);
}

TEST(HyperbolicTangent, IsTheLibrarys) {
  for (int i = -100000; i <= 100000; i++) {
    const double x = i * 1e-3;
    ASSERT_NEAR(hyperbolic_tangent(x), std::tanh(x), 1e-15) << x;
  }
}

}  // namespace
}  // namespace vit
