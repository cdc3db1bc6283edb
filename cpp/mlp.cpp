#include "mlp.h"

namespace vit {

void mlp(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  gemm_activated(a.mlp_hidden, c.mlp_hidden, a.normed, c.hidden, rows, weights.fc1, c.activation);
  gemm(a.tokens, c.hidden, a.mlp_hidden, c.mlp_hidden, rows, weights.fc2, Store::accumulate);
}

}  // namespace vit
