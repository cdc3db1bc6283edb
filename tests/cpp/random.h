// Seeded random inputs for kernel tests, in both precisions.
#pragma once

#include <random>
#include <vector>

namespace vit {

/// `count` floats, normally distributed, the same for the same seed on every platform.
inline std::vector<float> random_floats(size_t count, unsigned seed) {
  std::mt19937 bits(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    // Irwin-Hall: std::normal_distribution differs between standard libraries.
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += bits() / 4294967296.0;
    value = static_cast<float>(sum);
  }
  return values;
}

inline std::vector<double> to_double(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

}  // namespace vit
