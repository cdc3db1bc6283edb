#include "mlp.h"

#include "threads.h"

namespace vit {
namespace {

void gated(Activations& a, const EncoderBlockWeights& weights, const LinearInput& normed, const Config& c,
           int rows) {
  const int m = c.mlp_hidden;
  linear(a.mlp_hidden, m, normed, rows, weights.fc1);
  linear_activated(a.mlp_gate, m, normed, rows, weights.fc1_gate, c.activation);
  parallel_for(rows, [&](int row) { multiply(a.mlp_hidden + row * m, a.mlp_gate + row * m, m); });
}

}  // namespace

void mlp(float* out, Store store, Activations& a, const EncoderBlockWeights& weights, const Config& c,
         int rows) {
  // h = act(fc1(x)), or act(fc1_g(x)) * fc1_x(x)
  const LinearInput normed = linear_input(a, c, a.normed, rows, c.hidden);
  if (c.gated_mlp) {
    gated(a, weights, normed, c, rows);
  } else {
    linear_activated(a.mlp_hidden, c.mlp_hidden, normed, rows, weights.fc1, c.activation);
  }
  // h = norm(h)
  if (c.mlp_norm) norm(a.mlp_hidden, a.mlp_hidden, weights.mlp_norm, rows, c.mlp_hidden, c.layer_norm_eps);
  // x = fc2(h)
  const LinearInput hidden = linear_input(a, c, a.mlp_hidden, rows, c.mlp_hidden);
  linear(out, c.hidden, hidden, rows, weights.fc2, store);
}

}  // namespace vit
