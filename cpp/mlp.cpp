#include "mlp.h"

#include "threads.h"

namespace vit {
namespace {

void gated(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  const int m = c.mlp_hidden;
  gemm(a.mlp_hidden, m, a.normed, c.hidden, rows, weights.fc1);
  gemm_activated(a.mlp_gate, m, a.normed, c.hidden, rows, weights.fc1_gate, c.activation);
  parallel_for(rows, [&](int row) { multiply(a.mlp_hidden + row * m, a.mlp_gate + row * m, m); });
}

}  // namespace

void mlp(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  if (c.gated_mlp) {
    gated(a, weights, c, rows);
  } else {
    gemm_activated(a.mlp_hidden, c.mlp_hidden, a.normed, c.hidden, rows, weights.fc1, c.activation);
  }
  gemm(a.tokens, c.hidden, a.mlp_hidden, c.mlp_hidden, rows, weights.fc2, Store::accumulate);
}

}  // namespace vit
