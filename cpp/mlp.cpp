#include "mlp.h"

namespace vit {

void mlp(Activations& a, const EncoderBlockWeights& weights, const Config& c) {
  const int tokens = token_count(c);
  gemm_activated(a.mlp_hidden, c.mlp_hidden, a.normed, c.hidden, tokens, weights.fc1, c.activation);
  gemm(a.tokens, c.hidden, a.mlp_hidden, c.mlp_hidden, tokens, weights.fc2, Store::accumulate);
}

}  // namespace vit
