// Multi-head self-attention (Vaswani et al. 2017), without the norm before it and the residual connection
// around it.
#pragma once

#include "activations.h"
#include "config.h"
#include "texts.h"
#include "weights.h"

namespace vit {

/// Which attention weights, softmax(q·kᵀ/√d), a block copies out; none where both pointers are null. Only for
/// images.
struct AttentionCapture {
  int head = -1;                   // whose weights go to `map`; −1: their mean over all heads
  float* map = nullptr;            // [rows × T], of all queries
  float* first_queries = nullptr;  // [heads × T], of the first token's query in every head
};

/// out[rows × D] = proj(concat over heads of softmax(q·kᵀ/√d)·v), or added to out, for the first `rows`
/// tokens, which attend to all tokens, with q, k, v the linear maps of `normed`. Options of the
/// configuration: with qk_norm, every head's q and k first go through a layer norm; with rotary positions,
/// those of patches are then rotated (rotary.h); with relative positions, a bias is added to the scores
/// (score_bias.h); with attention_norm, the joined heads go through a layer norm before `proj`.
///
/// In a text encoder, a token attends only to its own text, the shared tokens included, and, where the
/// configuration is `causal`, not to tokens after it.
///
/// Reads `normed`, and in an int8 model overwrites it with its rotation; uses q, k, v, keys, values, scores,
/// attended. The T × T scores never exist as a whole: a few query rows of one attention head at a time go
/// through q·kᵀ, softmax and ·v. Threads share these. In an int8 model the two products are of bytes
/// (kernels/byte_attention.h). Afterwards `v` still has the values of all tokens of an image;
/// k and v of texts are overwritten.
void attention(float* out, Store store, Activations& activations, const EncoderBlockWeights& weights,
               const Config& config, int rows, const Texts& texts = {}, const AttentionCapture& capture = {});

}  // namespace vit
