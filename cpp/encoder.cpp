#include "encoder.h"

#include "attention.h"
#include "mlp.h"

namespace vit {
namespace {

void norm_tokens(Activations& a, const LayerNormWeights& norm, const Config& c, int rows) {
  layer_norm(a.normed, a.tokens, rows, c.hidden, norm.weight, norm.bias, c.layer_norm_eps);
}

}  // namespace

void encoder_block(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  norm_tokens(a, weights.norm1, c, token_count(c));
  attention(a, weights, c, rows);
  norm_tokens(a, weights.norm2, c, rows);
  mlp(a, weights, c, rows);
}

}  // namespace vit
