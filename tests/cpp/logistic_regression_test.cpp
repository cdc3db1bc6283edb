#include "../../cpp/logistic_regression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "random.h"

namespace vit {
namespace {

struct Problem {
  int count, width, classes;
  double l2;
};

// Clouds around a center per class.
void fill(LogisticRegression& r, unsigned seed, double spread) {
  const auto centers = random_floats(static_cast<size_t>(r.classes * r.width), seed);
  const auto noise = random_floats(static_cast<size_t>(r.count * r.width), seed + 1);
  for (int n = 0; n < r.count; n++) {
    r.labels[n] = n % r.classes;
    for (int i = 0; i < r.width; i++) {
      r.examples[n * r.width + i] =
          centers[r.labels[n] * r.width + i] + static_cast<float>(spread) * noise[n * r.width + i];
    }
  }
}

std::vector<double> scores_of(const LogisticRegression& r, int n) {
  std::vector<double> scores;
  for (int k = 0; k < r.classes; k++) {
    const double* row = r.weights + k * (r.width + 1);
    double sum = row[r.width];
    for (int i = 0; i < r.width; i++) sum += row[i] * r.examples[n * r.width + i];
    scores.push_back(sum);
  }
  return scores;
}

// The gradient of the objective in double precision, example by example.
std::vector<double> naive_gradient(const LogisticRegression& r) {
  std::vector<double> gradient(static_cast<size_t>(r.classes * (r.width + 1)));
  const double counted = r.count - (r.left_out >= 0);
  for (int n = 0; n < r.count; n++) {
    if (n == r.left_out) continue;
    const auto scores = scores_of(r, n);
    double sum = 0;
    for (double score : scores) sum += std::exp(score);
    for (int k = 0; k < r.classes; k++) {
      const double off = (std::exp(scores[k]) / sum - (k == r.labels[n])) / counted;
      for (int i = 0; i < r.width; i++) gradient[k * (r.width + 1) + i] += off * r.examples[n * r.width + i];
      gradient[k * (r.width + 1) + r.width] += off;
    }
  }
  for (int k = 0; k < r.classes; k++) {
    for (int i = 0; i < r.width; i++) {
      gradient[k * (r.width + 1) + i] += r.l2 / counted * r.weights[k * (r.width + 1) + i];
    }
  }
  return gradient;
}

bool solved(LogisticRegression& r) {
  for (int i = 0; i < 20; i++) {
    if (solve(r, 100)) return true;
  }
  return false;
}

class LogisticRegressionOf : public testing::TestWithParam<Problem> {};
INSTANTIATE_TEST_SUITE_P(Problems, LogisticRegressionOf,
                         testing::Values(Problem{2, 1, 2, 1}, Problem{5, 3, 2, 1}, Problem{30, 7, 3, 0.1},
                                         Problem{40, 64, 4, 1}, Problem{101, 13, 10, 10}));

// The objective is convex: where its gradient is 0 there is the one solution.
TEST_P(LogisticRegressionOf, EndsWhereTheGradientIsZero) {
  const auto [count, width, classes, l2] = GetParam();
  for (double spread : {0.3, 3.0}) {
    LogisticRegression r;
    ASSERT_EQ(begin(r, count, width, classes, l2), "");
    fill(r, 3, spread);
    ASSERT_EQ(pack(r), "");
    ASSERT_TRUE(solved(r));
    for (double slope : naive_gradient(r)) EXPECT_NEAR(slope, 0, 1e-5);
  }
}

TEST(LogisticRegression, LeavesAnExampleOut) {
  LogisticRegression all;
  ASSERT_EQ(begin(all, 30, 7, 3, 1), "");
  fill(all, 5, 2);
  ASSERT_EQ(pack(all), "");
  ASSERT_TRUE(solved(all));
  all.left_out = 4;
  ASSERT_TRUE(solved(all));

  LogisticRegression without;
  ASSERT_EQ(begin(without, 29, 7, 3, 1), "");
  for (int n = 0; n < 29; n++) {
    const int from = n + (n >= 4);
    without.labels[n] = all.labels[from];
    std::copy_n(all.examples + from * 7, 7, without.examples + n * 7);
  }
  ASSERT_EQ(pack(without), "");
  ASSERT_TRUE(solved(without));
  for (int i = 0; i < 3 * 8; i++) EXPECT_NEAR(all.weights[i], without.weights[i], 1e-4) << i;
}

TEST(LogisticRegression, RefusesWhatHasNoSolution) {
  LogisticRegression r;
  EXPECT_EQ(begin(r, 0, 7, 3, 1), "are missing");
  EXPECT_EQ(begin(r, 30, 7, 1, 1), "are of a single class");
  EXPECT_EQ(begin(r, 30, 7, 3, 0), "need an L2 penalty above 0");
  EXPECT_EQ(begin(r, 30, 7, 3, NAN), "need an L2 penalty above 0");
  EXPECT_EQ(begin(r, 1 << 20, 1 << 20, 3, 1), "are too many");
  ASSERT_EQ(begin(r, 30, 7, 3, 1), "");
  fill(r, 3, 1);
  r.labels[7] = 3;
  EXPECT_EQ(pack(r), "have a label outside 0 to classes − 1");
  r.labels[7] = 2;
  r.examples[40] = INFINITY;
  EXPECT_EQ(pack(r), "have values that are infinite or NaN");
}

}  // namespace
}  // namespace vit
