// A whole model with seeded random weights, and its parts in double precision, put together from the kernels'
// naive twins (cpp/kernels/reference.h).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>

#include "../../cpp/kernels/reference.h"
#include "../../cpp/vit.h"
#include "random.h"

namespace vit {

using reference::Matrix;

/// The weights by the names of their slots.
using NamedWeights = std::map<std::string, Matrix>;

/// Loads a model, each weight of which is normally distributed, times `spread`; returns them.
inline NamedWeights load_random_weights(Model& model, const Config& config, float spread = 1) {
  NamedWeights weights;
  EXPECT_EQ(begin(model, config), "");
  EXPECT_EQ(allocate(model), "");
  const std::vector<WeightSlot> slots = model.slots.slots;
  unsigned seed = 1;
  for (const WeightSlot& slot : slots) {
    if (slot.scales_of >= 0) continue;  // only along with weights that are quantized already
    std::vector<float> values = random_floats(static_cast<size_t>(element_count(slot)), seed++);
    for (float& value : values) value *= spread;
    const auto [index, refusal] = announce(model, slot.name, "F32", slot.shape);
    EXPECT_EQ(refusal, "") << slot.name;
    std::memcpy(model.staging, values.data(), values.size() * sizeof(float));
    EXPECT_EQ(receive(model, index, static_cast<int>(values.size() * sizeof(float))), "") << slot.name;
    weights[slot.name] = to_double(values);
  }
  EXPECT_EQ(missing(model), "");
  EXPECT_EQ(finish(model), "");
  return weights;
}

/// x[rows × inputs] through the linear layer of that name.
inline Matrix linear_twin(const Matrix& x, const NamedWeights& weights, const std::string& name, int rows) {
  const Matrix& bias = weights.at(name + ".bias");
  const int outputs = static_cast<int>(bias.size());
  return reference::linear(x, weights.at(name + ".weight"), bias, rows, static_cast<int>(x.size()) / rows,
                           outputs);
}

inline Matrix layer_norm_twin(const Matrix& x, const NamedWeights& weights, const std::string& name,
                              const Config& config) {
  return reference::layer_norm(x, weights.at(name + ".weight"), weights.at(name + ".bias"),
                               config.layer_norm_eps);
}

/// fc2(activation(fc1(x))), of an MLP whose layers' names begin with `name`.
inline Matrix mlp_twin(const Matrix& x, const NamedWeights& weights, const std::string& name,
                       const Config& config, int rows) {
  Matrix inner = linear_twin(x, weights, name + "fc1", rows);
  for (double& value : inner) value = reference::activate(value, config.activation);
  return linear_twin(inner, weights, name + "fc2", rows);
}

/// The columns [first, first + count) of x[rows × width].
inline Matrix columns_of(const Matrix& x, int width, int first, int count) {
  Matrix part;
  for (size_t at = 0; at < x.size(); at += static_cast<size_t>(width)) {
    const auto begin = x.begin() + static_cast<std::ptrdiff_t>(at) + first;
    part.insert(part.end(), begin, begin + count);
  }
  return part;
}

inline void expect_near(const float* values, const Matrix& expected, double tolerance,
                        const std::string& what) {
  double largest = 0;
  for (double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < expected.size(); i++) {
    ASSERT_NEAR(values[i], expected[i], tolerance * largest) << what << " " << i;
  }
}

}  // namespace vit
