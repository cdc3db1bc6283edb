#include "attention_pool.h"

#include <algorithm>

namespace vit {
namespace {

// [T × heads] → [heads × T], each row through softmax.
void weigh_tokens(Activations& a, const Config& c) {
  const int tokens = token_count(c), stride = packed_columns(c.heads);
  for (int head = 0; head < c.heads; head++) {
    float* weights = a.pool_weights + head * tokens;
    for (int token = 0; token < tokens; token++) weights[token] = a.pool_scores[token * stride + head];
    softmax(weights, tokens, rounding_of(c));
  }
}

// The sums of tokens by the weights of each head.
void sum_tokens(Activations& a, const Config& c) {
  const int tokens = token_count(c);
  std::fill_n(a.pool_heads, c.heads * c.hidden, 0.0f);
  for (int token = 0; token < tokens; token++) {
    const float* x = a.normed + token * c.hidden;
    for (int head = 0; head < c.heads; head++) {
      const float weight = a.pool_weights[head * tokens + token];
      float* sum = a.pool_heads + head * c.hidden;
      for (int i = 0; i < c.hidden; i++) sum[i] += weight * x[i];
    }
  }
}

// Keeps each head's own slice of its values.
void join_heads(Activations& a, const Config& c) {
  const int d = head_size(c);
  for (int head = 1; head < c.heads; head++) {
    std::copy_n(a.pool_values + head * c.hidden + head * d, d, a.pool_values + head * d);
  }
}

}  // namespace

void attention_pool(Activations& a, const AttentionPoolWeights& w, const Config& c) {
  const int d = c.hidden;
  const Rounding rounding = rounding_of(c);
  // x = softmax(q @ k.T) @ v, with q from the latent
  gemm(a.pool_scores, packed_columns(c.heads), a.normed, d, token_count(c), w.scores, Store::replace,
       rounding);
  weigh_tokens(a, c);
  sum_tokens(a, c);
  gemm(a.pool_values, d, a.pool_heads, d, c.heads, w.v, Store::replace, rounding);
  join_heads(a, c);
  // x = proj(x)
  gemm(a.pooled, d, a.pool_values, d, 1, w.proj, Store::replace, rounding);

  // x = x + mlp(norm(x))
  float* normed = a.pool_heads;
  norm(normed, a.pooled, w.norm, 1, d, c.layer_norm_eps);
  linear_activated(a.mlp_hidden, c.mlp_hidden, linear_input(a, c, normed, 1, d), 1, w.fc1, c.activation);
  linear(a.pooled, d, linear_input(a, c, a.mlp_hidden, 1, c.mlp_hidden), 1, w.fc2, Store::accumulate);
}

}  // namespace vit
