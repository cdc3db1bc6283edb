#include "encoder.h"

#include "mlp.h"

namespace vit {
namespace {

void norm_tokens(Activations& a, const LayerNormWeights& weights, const Config& c, int rows) {
  norm(a.normed, a.tokens, weights, rows, c.hidden, c.layer_norm_eps);
}

}  // namespace

void encoder_block(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows,
                   std::span<const int> lengths, const AttentionCapture& capture) {
  // x = x + attn(norm1(x))
  norm_tokens(a, weights.norm1, c, token_count(c));
  attention(a.tokens, Store::accumulate, a, weights, c, rows, lengths, capture);
  // x = x + mlp(norm2(x))
  norm_tokens(a, weights.norm2, c, rows);
  mlp(a.tokens, Store::accumulate, a, weights, c, rows);
}

}  // namespace vit
