#include "encoder.h"

#include <algorithm>

#include "mlp.h"

namespace vit {
namespace {

// x = x + norm1(attn(x)); x = x + norm2(mlp(x))
void norms_after(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows,
                 const AttentionCapture& capture) {
  const auto add_normed = [&](const LayerNormWeights& norm_weights) {
    norm(a.q, a.q, norm_weights, rows, c.hidden, c.layer_norm_eps);
    add(a.tokens, a.q, rows * c.hidden);
  };
  std::copy_n(a.tokens, token_count(c) * c.hidden, a.normed);
  attention(a.q, Store::replace, a, weights, c, rows, {}, capture);
  add_normed(weights.norm1);
  std::copy_n(a.tokens, rows * c.hidden, a.normed);
  mlp(a.q, Store::replace, a, weights, c, rows);
  add_normed(weights.norm2);
}

void norm_tokens(Activations& a, const LayerNormWeights& weights, const Config& c, int rows) {
  norm(a.normed, a.tokens, weights, rows, c.hidden, c.layer_norm_eps);
}

// x = x + attn(norm1(x)) + mlp(norm1(x))
void parallel(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows,
              const AttentionCapture& capture) {
  norm_tokens(a, weights.norm1, c, token_count(c));
  attention(a.q, Store::replace, a, weights, c, rows, {}, capture);
  // Once more, because the layers of an int8 model rotate their input.
  norm_tokens(a, weights.norm1, c, rows);
  mlp(a.tokens, Store::accumulate, a, weights, c, rows);
  add(a.tokens, a.q, rows * c.hidden);
}

}  // namespace

void encoder_block(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows,
                   const Texts& texts, const AttentionCapture& capture) {
  if (c.block_order == BlockOrder::norms_after) return norms_after(a, weights, c, rows, capture);
  if (c.block_order == BlockOrder::parallel) return parallel(a, weights, c, rows, capture);
  // x = x + attn(norm1(x))
  norm_tokens(a, weights.norm1, c, token_count(c));
  attention(a.tokens, Store::accumulate, a, weights, c, rows, texts, capture);
  // x = x + mlp(norm2(x))
  norm_tokens(a, weights.norm2, c, rows);
  mlp(a.tokens, Store::accumulate, a, weights, c, rows);
}

}  // namespace vit
