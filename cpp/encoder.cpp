#include "encoder.h"

#include "attention.h"
#include "mlp.h"

namespace vit {
namespace {

void norm_tokens(Activations& a, const LayerNormWeights& norm, const Config& c) {
  layer_norm(a.normed, a.tokens, token_count(c), c.hidden, norm.weight, norm.bias, c.layer_norm_eps);
}

}  // namespace

void encoder_block(Activations& a, const EncoderBlockWeights& weights, const Config& c) {
  norm_tokens(a, weights.norm1, c);
  attention(a, weights, c);
  norm_tokens(a, weights.norm2, c);
  mlp(a, weights, c);
}

}  // namespace vit
