// Pooling by attention, as SigLIP does it (Zhai et al. 2023; timm's `map` pooling, after Lee et al. 2019).
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// pooled = x + mlp(norm(x)) with x = proj(concat over heads of softmax(q·kᵀ/√d)·v): multi-head attention
/// from one learned query to the tokens in `normed`, which keys and values are linear maps of.
///
/// The query being constant, neither keys nor values of the tokens are computed: q·kᵀ is one matrix of
/// hidden → heads (weights.h), and as a linear map can be taken of a sum, v is applied to the weighted sum of
/// the tokens. Cost: 2 · tokens · heads · hidden + heads · hidden² multiply-adds, less than a hundredth of an
/// encoder block.
void attention_pool(Activations& activations, const AttentionPoolWeights& weights, const Config& config);

}  // namespace vit
