// Multi-head self-attention (Vaswani et al. 2017), without its residual connection's norm.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// tokens += proj(concat over heads of softmax(q·kᵀ/√d)·v), with q, k, v = qkv(normed).
///
/// Reads `normed`, writes `tokens`; uses qkv, keys, values, scores, attended. The T × T scores never exist as
/// a whole: a few query rows at a time go through q·kᵀ, softmax and ·v.
void attention(Activations& activations, const EncoderBlockWeights& weights, const Config& config);

}  // namespace vit
