#include "head.h"

#include <algorithm>

namespace vit {

void final_norm(Activations& a, const Weights& weights, const Config& c, int rows) {
  layer_norm(a.normed, a.tokens, rows, c.hidden, weights.norm.weight, weights.norm.bias, c.layer_norm_eps);
}

void classify(Activations& a, const Weights& weights, const Config& c) {
  gemm(a.logits, c.classes, a.normed, c.hidden, 1, weights.head);
}

void normalise_logits(Activations& a, const Config& c) {
  std::copy_n(a.logits, c.classes, a.probabilities);
  softmax(a.probabilities, c.classes);
}

}  // namespace vit
