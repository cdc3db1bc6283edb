// Multi-head self-attention (Vaswani et al. 2017), with its residual connection and without its norm.
#pragma once

#include <span>

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// Which attention weights, softmax(q·kᵀ/√d), a block is to keep; it keeps none where both are null.
struct AttentionCapture {
  int head = -1;                   // whose weights `map` gets; −1: their mean over all heads
  float* map = nullptr;            // [rows × T], of all queries
  float* first_queries = nullptr;  // [heads × T], of the first token's query in every head
};

/// tokens += proj(concat over heads of softmax(q·kᵀ/√d)·v) for the first `rows` tokens, attending to all of
/// them, with q, k, v the linear maps of `normed`; with qk_norm, every head's q and k go through a layer norm
/// first; with rotary positions, those of patches are turned then (rotary.h); with relative positions, scores
/// have a bias (score_bias.h); with attention_norm, the heads' result goes through a layer norm before
/// `proj`.
///
/// With `lengths` the tokens are those of texts of so many tokens, one after another, and each attends to its
/// own text; where config says `causal`, not to tokens behind it.
///
/// Reads `normed`, writes `tokens`; uses q, k, v, keys, values, scores, attended. The T × T scores never
/// exist as a whole: a few query rows of one attention head at a time go through q·kᵀ, softmax and ·v.
/// Threads share those. In an int8 model the two products are of whole numbers (kernels/int16.h).
/// Afterwards `v` still has the values of all tokens. Weights are captured of images only.
void attention(Activations& activations, const EncoderBlockWeights& weights, const Config& config, int rows,
               std::span<const int> lengths = {}, const AttentionCapture& capture = {});

}  // namespace vit
