// Looking inside a forward pass: what attention reads, which patches support a class, and what every encoder
// block would answer. Each function here runs the forward pass itself, on the pixel values that the
// model has, and allocates what it needs beyond that only for as long as it runs.
//
// A model that pools its class token is asked what that token reads; any other, what its patches read on
// average. Prefix tokens (class, distillation, registers) are left out of every map.
#pragma once

#include <cstdint>
#include <string>

#include "vit.h"

namespace vit {

struct AttentionRequest {
  int layer;             // of the encoder block, from 0
  int head = -1;         // of one attention head; −1: the mean over heads
  bool rollout = false;  // all blocks up to `layer`, multiplied through
};

/// W: width of an image's embedding, which it shares with texts where the model was trained with some.
constexpr int embedding_width(const Config& c) { return c.joint_width > 0 ? c.joint_width : c.hidden; }

/// map[patches] = the attention weights, softmax(q·kᵀ/√d), from the pooled token to each patch.
///
/// With `rollout` (Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers"): the product of
/// (A + I)/2 over the blocks, A the weights of one block, its rows normalized to sum to 1.
///
/// Cost: the blocks up to `layer`; a rollout also T³ multiply-adds per block, and 16·T² bytes while it runs.
[[nodiscard]] std::string attention_map(Model& model, const AttentionRequest& request, float* map);

/// map[patches] = what each patch adds to the logit of class `label`. Where classes exclude each other, what
/// it adds above the mean of all classes, which softmax does not see.
///
/// By pooling:
///
///   mean          the pooled vector is the mean of the patches' tokens, so the map is exact: its sum is the
///                 logit without biases. (A layer norm of the pooled vector is linear once its variance is
///                 known.)
///   class token   what the last block's attention carried from each patch into the class token, Σ over heads
///                 of A·v·W_proj, as the final norm and the head read it: a direct effect in the sense of
///                 Gandelsman et al. 2024, "Interpreting CLIP's Image Representation via Text-Based
///                 Decomposition". (Adding earlier blocks chose no better patches: docs/look-inside.md.)
///   class token and mean
///                 the sum of both
///   class and distillation token
///                 what reached the class token alone
///   attention     what the pool's own attention carried from each patch, Σ over heads of A·v·W_proj,
///                 past the pool's MLP
///
/// Cost: the forward pass and T·D² multiply-adds, twice that where the pool is by attention.
[[nodiscard]] std::string explain(Model& model, int label, float* map);

/// The same for a direction [W] in the space of embeddings that images share with texts: map[patches] = what
/// each patch adds to the dot product of `direction` and the image's embedding, scaled to Euclidean length 1.
[[nodiscard]] std::string explain_towards(Model& model, const float* direction, float* map);

/// What every block would answer, were it the last: its tokens through the final norm and the head (the logit
/// lens). The model needs a head.
struct Lens {
  float* probabilities;        // [layers × classes]
  int32_t* patch_classes;      // [layers × patches], the most probable class of each patch's own token;
  float* patch_probabilities;  // [layers × patches], and its probability. Both may be null.
};

/// Cost: the forward pass and, with patches, patches · D · classes multiply-adds per block.
void look_through(Model& model, const Lens& lens);

/// The same for a model whose classes are given in words: the embedding after every block, to be compared
/// with those of texts.
struct EmbeddingLens {
  float* images;   // [layers × W], of Euclidean length 1
  float* patches;  // [layers × patches × W], of each patch's own token. Null: not wanted, or pooled by
                   // attention.
};

/// Cost: the forward pass and, with patches, patches · D · W multiply-adds per block.
void look_through(Model& model, const EmbeddingLens& lens);

}  // namespace vit
