// Multinomial logistic regression with an L2 penalty: a head for embeddings, from examples of the user's own
// classes.
//
//   minimize over W, b   mean_n −log softmax(W·x_n + b)[y_n]  +  l2 / (2·count) · ‖W‖²
//
// which is scikit-learn's LogisticRegression with C = 1 / l2: the bias is not penalized. The objective is
// convex; it is solved by L-BFGS (Nocedal & Wright 2006, algorithm 7.4) until the gradient is almost 0.
//
//   LogisticRegression regression;
//   begin(regression, count, width, classes, l2)   allocates everything
//   … examples and labels are written into `examples` and `labels`
//   pack(regression)                               once, when they are there
//   solve(regression, 100) until it returns true   from the weights that are there, at first 0
//
// For leave-one-out, `left_out` is an example that does not count; start from the solution with all examples.
#pragma once

#include <cstdint>
#include <string>

#include "arena.h"
#include "kernels/kernels.h"

namespace vit {

/// Pairs of steps and gradient changes that L-BFGS remembers.
inline constexpr int kMemory = 10;

struct LogisticRegression {
  int count = 0;    // examples
  int width = 0;    // values of an example
  int classes = 0;  // at least 2
  double l2 = 0;
  int left_out = -1;  // an example that does not count; −1: none

  float* examples = nullptr;   // [count × width]
  int32_t* labels = nullptr;   // [count], 0 to classes − 1
  double* weights = nullptr;   // [classes × (width + 1)], each class's bias behind its weights
  double* gradient = nullptr;  // [classes × (width + 1)], of the objective at `weights`
  double loss = 0;             // the objective there

  Arena memory;  // owns all of these
  // What `solve` works with.
  PackedMatrix by_example{};  // the examples as outputs: W·Xᵀ
  PackedMatrix by_value{};    // the values as outputs: R·X
  float* single = nullptr;    // [classes × width]: W, then R·X
  float* scores = nullptr;    // [classes × count]: W·Xᵀ, then R = (probabilities − targets) / count
  double* trial = nullptr;    // [classes × (width + 1)]: weights that are tried
  double* trial_gradient = nullptr;
  double* direction = nullptr;
  double* steps = nullptr;    // [kMemory × classes · (width + 1)]
  double* changes = nullptr;  // [kMemory × classes · (width + 1)]
};

/// Allocates for so many examples, with weights of 0. Errors are predicates to append to "the examples".
[[nodiscard]] std::string begin(LogisticRegression& regression, int count, int width, int classes, double l2);

/// Takes the examples and labels as they are now, and checks them. Errors as above.
[[nodiscard]] std::string pack(LogisticRegression& regression);

/// At most `iterations` steps of L-BFGS from `weights`. True when it has converged: every value of the
/// gradient is within 1e-6 of 0, or single precision allows no further step. Cost: 2 · count · width ·
/// classes multiply-adds a step, rarely two or three times that; threads share them.
[[nodiscard]] bool solve(LogisticRegression& regression, int iterations);

}  // namespace vit
