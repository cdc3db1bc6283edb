#include "mlp.h"

#include "threads.h"

namespace vit {
namespace {

// Leaves the product where the first half was: fc2 reads rows that are as far apart as before.
void gate(float* rows_of_halves, const Config& c, int rows) {
  parallel_for(rows, [&](int row) {
    float* half = rows_of_halves + row * 2 * c.mlp_hidden;
    activate(half, c.mlp_hidden, c.activation);
    multiply(half, half + c.mlp_hidden, c.mlp_hidden);
  });
}

}  // namespace

void mlp(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  const int stride = fc1_outputs(c);
  if (c.gated_mlp) {
    gemm(a.mlp_hidden, stride, a.normed, c.hidden, rows, weights.fc1);
    gate(a.mlp_hidden, c, rows);
  } else {
    gemm_activated(a.mlp_hidden, stride, a.normed, c.hidden, rows, weights.fc1, c.activation);
  }
  gemm(a.tokens, c.hidden, a.mlp_hidden, stride, rows, weights.fc2, Store::accumulate);
}

}  // namespace vit
