#include "logistic_regression.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "elementary.h"
#include "linear.h"

namespace vit {
namespace {

/// The largest value of the gradient at which it is solved: what moves it further is below single precision.
constexpr double kTolerance = 1e-6;
/// Armijo's condition: a step has to gain this part of what the slope promises.
constexpr double kLeastGain = 1e-4;
/// What rounding in single precision may hide of the objective, as a part of it.
constexpr double kHidden = 1e-6;
/// Below 2^−20 of the step, only rounding is left to follow.
constexpr int kMostHalvings = 20;

int size_of(const LogisticRegression& r) { return r.classes * (r.width + 1); }

double dot(const double* a, const double* b, int count) {
  double sum = 0;
  for (int i = 0; i < count; i++) sum += a[i] * b[i];
  return sum;
}

double largest(const double* values, int count) {
  double most = 0;
  for (int i = 0; i < count; i++) most = std::max(most, std::abs(values[i]));
  return most;
}

void take_buffers(LogisticRegression& r) {
  Arena& arena = r.memory;
  const size_t size = area(r.classes, r.width + 1);
  r.examples = arena.take<float>(area(r.count, r.width));
  r.labels = arena.take<int32_t>(r.count);
  r.weights = arena.take<double>(size);
  r.gradient = arena.take<double>(size);
  r.by_example = take_matrix(arena, r.width, r.count);
  r.by_value = take_matrix(arena, r.count, r.width);
  r.single = arena.take<float>(area(r.classes, r.width));
  r.scores = arena.take<float>(area(r.classes, r.count));
  r.trial = arena.take<double>(size);
  r.trial_gradient = arena.take<double>(size);
  r.direction = arena.take<double>(size);
  r.steps = arena.take<double>(kMemory * size);
  r.changes = arena.take<double>(kMemory * size);
}

/// scores = (softmax(scores + bias) − target) / counted, column by column; returns the mean cross-entropy.
double residuals(LogisticRegression& r, const double* weights, double counted) {
  double loss = 0;
  for (int n = 0; n < r.count; n++) {
    float* column = r.scores + n;
    if (n == r.left_out) {
      for (int k = 0; k < r.classes; k++) column[k * r.count] = 0;
      continue;
    }
    double most = -INFINITY;
    for (int k = 0; k < r.classes; k++) {
      column[k * r.count] += static_cast<float>(weights[k * (r.width + 1) + r.width]);
      most = std::max(most, static_cast<double>(column[k * r.count]));
    }
    double sum = 0;
    for (int k = 0; k < r.classes; k++) sum += exponential(column[k * r.count] - most);
    loss += most + logarithm(sum) - column[r.labels[n] * r.count];
    for (int k = 0; k < r.classes; k++) {
      const double probability = exponential(column[k * r.count] - most) / sum;
      column[k * r.count] = static_cast<float>((probability - (k == r.labels[n])) / counted);
    }
  }
  return loss / counted;
}

/// The objective at `weights`, and its gradient.
double evaluate(LogisticRegression& r, const double* weights, double* gradient) {
  const double counted = r.count - (r.left_out >= 0);
  for (int k = 0; k < r.classes; k++) {
    const double* row = weights + k * (r.width + 1);
    std::transform(row, row + r.width, r.single + k * r.width,
                   [](double w) { return static_cast<float>(w); });
  }
  gemm(r.scores, r.count, r.single, r.width, r.classes, r.by_example);
  double loss = residuals(r, weights, counted);
  gemm(r.single, r.width, r.scores, r.count, r.classes, r.by_value);
  const double strength = r.l2 / counted;
  for (int k = 0; k < r.classes; k++) {
    const double* row = weights + k * (r.width + 1);
    double* slope = gradient + k * (r.width + 1);
    for (int i = 0; i < r.width; i++) {
      slope[i] = r.single[k * r.width + i] + strength * row[i];
      loss += strength / 2 * row[i] * row[i];
    }
    slope[r.width] = 0;
    for (int n = 0; n < r.count; n++) slope[r.width] += r.scores[k * r.count + n];
  }
  return loss;
}

/// direction = −H·gradient, H being the inverse Hessian as the last `remembered` steps show it: the two-loop
/// recursion (Nocedal & Wright 2006, algorithm 7.4). `next` is where the oldest of a full memory is.
void find_direction(LogisticRegression& r, int remembered, int next) {
  const int size = size_of(r);
  double alpha[kMemory];
  for (int i = 0; i < size; i++) r.direction[i] = -r.gradient[i];
  for (int back = 1; back <= remembered; back++) {
    const int at = (next - back + kMemory) % kMemory;
    const double* s = r.steps + at * size;
    const double* y = r.changes + at * size;
    alpha[at] = dot(s, r.direction, size) / dot(s, y, size);
    for (int i = 0; i < size; i++) r.direction[i] -= alpha[at] * y[i];
  }
  if (remembered > 0) {
    const int at = (next - 1 + kMemory) % kMemory;
    const double* s = r.steps + at * size;
    const double* y = r.changes + at * size;
    const double scale = dot(s, y, size) / dot(y, y, size);
    for (int i = 0; i < size; i++) r.direction[i] *= scale;
  }
  for (int back = remembered; back >= 1; back--) {
    const int at = (next - back + kMemory) % kMemory;
    const double* s = r.steps + at * size;
    const double* y = r.changes + at * size;
    const double beta = dot(y, r.direction, size) / dot(s, y, size);
    for (int i = 0; i < size; i++) r.direction[i] += (alpha[at] - beta) * s[i];
  }
}

/// Moves along `direction` until the objective has gained enough, halving the step; false when it gains
/// nothing.
bool take_step(LogisticRegression& r, double length, double* step, double* change) {
  const int size = size_of(r);
  const double slope = dot(r.gradient, r.direction, size);
  for (int halvings = 0; halvings <= kMostHalvings; halvings++, length /= 2) {
    for (int i = 0; i < size; i++) r.trial[i] = r.weights[i] + length * r.direction[i];
    const double loss = evaluate(r, r.trial, r.trial_gradient);
    const bool gains = loss <= r.loss + kLeastGain * length * slope;
    // Near the end rounding hides what a step gains, but not how the slope falls: the approximate Wolfe
    // conditions (Hager & Zhang 2005).
    const bool levels = loss <= r.loss + kHidden * r.loss &&
                        std::abs(dot(r.trial_gradient, r.direction, size)) <= (2 * kLeastGain - 1) * slope;
    if (!gains && !levels) continue;
    for (int i = 0; i < size; i++) {
      step[i] = r.trial[i] - r.weights[i];
      change[i] = r.trial_gradient[i] - r.gradient[i];
    }
    std::swap(r.weights, r.trial);
    std::swap(r.gradient, r.trial_gradient);
    r.loss = loss;
    return true;
  }
  return false;
}

}  // namespace

std::string begin(LogisticRegression& r, int count, int width, int classes, double l2) {
  if (count < 1 || width < 1) return "are missing";
  if (classes < 2) return "are of a single class";
  if (!(l2 > 0)) return "need an L2 penalty above 0";
  // Indices of scores and values are 32 bits wide.
  const double most =
      std::max({double(count) * width, double(count) * classes, double(classes) * (width + 1)});
  if (most > (1 << 28)) return "are too many";
  r.count = count;
  r.width = width;
  r.classes = classes;
  r.l2 = l2;
  take_buffers(r);
  if (!r.memory.reserve()) return "need more memory than is available";
  take_buffers(r);
  return "";
}

std::string pack(LogisticRegression& r) {
  for (int n = 0; n < r.count; n++) {
    if (r.labels[n] < 0 || r.labels[n] >= r.classes) return "have a label outside 0 to classes − 1";
  }
  const std::span<const float> values(r.examples, area(r.count, r.width));
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); })) {
    return "have values that are infinite or NaN";
  }
  pack_outputs(r.by_example, 0, r.examples, r.width, r.count);
  pack_inputs(r.by_value, 0, r.examples, r.width, r.count);
  return "";
}

bool solve(LogisticRegression& r, int iterations) {
  const int size = size_of(r);
  r.loss = evaluate(r, r.weights, r.gradient);
  for (int iteration = 0, remembered = 0, next = 0; iteration < iterations; iteration++) {
    const double steepest = largest(r.gradient, size);
    if (steepest <= kTolerance) return true;
    find_direction(r, remembered, next);
    double* step = r.steps + next * size;
    double* change = r.changes + next * size;
    // Nothing is known of the curvature at first: the first step moves no weight by more than 1.
    const double length = remembered == 0 ? std::min(1.0, 1 / steepest) : 1;
    if (!take_step(r, length, step, change)) {
      if (remembered == 0) return true;
      remembered = 0;  // The memory may have led astray: down the gradient once more.
      continue;
    }
    // The curvature of a convex function is positive, but for rounding.
    if (dot(step, change, size) <= 1e-12 * dot(change, change, size)) continue;
    next = (next + 1) % kMemory;
    remembered = std::min(remembered + 1, kMemory);
  }
  return largest(r.gradient, size) <= kTolerance;
}

}  // namespace vit
