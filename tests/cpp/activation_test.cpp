#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "../../cpp/kernels/reference.h"

namespace vit {
namespace {

class Activations : public testing::TestWithParam<std::tuple<Activation, Rounding>> {
 protected:
  const Activation activation = std::get<Activation>(GetParam());
  const Rounding rounding = std::get<Rounding>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(All, Activations,
                         testing::Combine(testing::Values(Activation::gelu, Activation::gelu_tanh,
                                                          Activation::quick_gelu, Activation::relu,
                                                          Activation::silu),
                                          testing::Values(Rounding::fastest, Rounding::portable)));

TEST_P(Activations, EqualTheirTwinsFromMinus60To60) {
  std::vector<float> values;
  for (int i = -60000; i <= 60000; i += 7) values.push_back(static_cast<float>(i) / 1000);
  const auto inputs = values;
  activate(values.data(), static_cast<int>(values.size()), activation, rounding);
  for (size_t i = 0; i < values.size(); i++) {
    const double expected = reference::activate(inputs[i], activation);
    ASSERT_NEAR(values[i], expected, 1e-6 * std::max(1.0, std::fabs(expected))) << "at " << inputs[i];
  }
}

TEST_P(Activations, TouchNothingBeyondTheirCount) {
  for (int count = 1; count <= 11; count++) {
    std::vector<float> values(12, 0.75f);
    activate(values.data(), count, activation, rounding);
    for (int i = 0; i < 12; i++) {
      const double expected = i < count ? reference::activate(0.75, activation) : 0.75;
      ASSERT_NEAR(values[i], expected, 1e-6) << "count " << count << " at " << i;
    }
  }
}

}  // namespace
}  // namespace vit
