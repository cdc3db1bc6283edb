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

TEST(Sine, OfHugeArgumentsIsBetweenMinusOneAndOne) {
  for (double x = 1; std::isfinite(x); x *= 1.37) {
    for (double sign : {1.0, -1.0}) {
      const double bound = 1e-15 * std::max(1.0, x);
      ASSERT_NEAR(sine(sign * x), std::sin(sign * x), bound) << x;
      ASSERT_NEAR(cosine(sign * x), std::cos(x), bound) << x;
      ASSERT_LE(std::abs(sine(sign * x)), 1 + 1e-15) << x;
      ASSERT_LE(std::abs(cosine(sign * x)), 1 + 1e-15) << x;
      ASSERT_NEAR(std::hypot(sine(x), cosine(x)), 1, 1e-14) << x;
    }
  }
}

TEST(Sine, OfTinyArgumentsIsTheLibrarys) {
  for (double x = 1; x > 0; x /= 2.37) {
    ASSERT_NEAR(sine(x) / std::sin(x), 1, 1e-15) << x;
    ASSERT_NEAR(cosine(x), std::cos(x), 1e-15) << x;
  }
}

TEST(Sine, OfWhatIsNoNumberIsNone) {
  for (double x : {double{NAN}, double{INFINITY}, double{-INFINITY}}) {
    EXPECT_TRUE(std::isnan(sine(x))) << x;
    EXPECT_TRUE(std::isnan(cosine(x))) << x;
  }
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
  EXPECT_EQ(exponential(INFINITY), INFINITY);
  EXPECT_EQ(exponential(1.7e308), INFINITY);
  EXPECT_EQ(exponential(-1.7e308), 0);
  EXPECT_EQ(exponential(5e-324), 1);
  EXPECT_TRUE(std::isnan(exponential(NAN)));
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

TEST(Logarithm, OfExtremesIsTheLibrarys) {
  for (double x : {5e-324, 1e-310, 0x1p-1022, 0x1p-1023, 1.7976931348623157e308}) {
    EXPECT_NEAR(logarithm(x), std::log(x), 1e-15 * std::abs(std::log(x))) << x;
  }
  EXPECT_EQ(logarithm(INFINITY), INFINITY);
  EXPECT_EQ(logarithm(0), -INFINITY);
  EXPECT_EQ(logarithm(-0.0), -INFINITY);
  for (double x : {double{NAN}, double{-INFINITY}, -1e-310, -1.0, -1.7e308}) {
    EXPECT_TRUE(std::isnan(logarithm(x))) << x;
  }
}

TEST(HyperbolicTangent, IsTheLibrarys) {
  for (int i = -100000; i <= 100000; i++) {
    const double x = i * 1e-3;
    ASSERT_NEAR(hyperbolic_tangent(x), std::tanh(x), 1e-15) << x;
  }
}

TEST(HyperbolicTangent, OfExtremesIsTheLibrarys) {
  for (double x : {double{INFINITY}, 1.7e308, 1e10, 5e-324, -5e-324, -1e10, -1.7e308, double{-INFINITY}}) {
    EXPECT_NEAR(hyperbolic_tangent(x), std::tanh(x), 1e-15) << x;
  }
  EXPECT_TRUE(std::isnan(hyperbolic_tangent(NAN)));
}

}  // namespace
}  // namespace vit
