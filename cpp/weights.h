// The weights of a model as the kernels read them: where each is in memory. How they get there is
// weight_slots.h (which tensors are expected) and weight_stream.h (how their bytes arrive).
#pragma once

#include <cstdint>
#include <vector>

#include "arena.h"
#include "config.h"
#include "kernels/kernels.h"
#include "linear.h"

namespace vit {

struct LayerNormWeights {
  float* weight;  // [hidden]
  float* bias;    // [hidden]
};

/// Where a row of weights is collected until it is whole and can be quantised.
struct PartialRow {
  float* values;  // [the largest number of inputs]
  int8_t* codes;  // [the same]
};

/// Parts that a model does not have (config.h) take no memory.
struct EncoderBlockWeights {
  LayerNormWeights norm1;
  Linear q;  // hidden → hidden: queries, divided by √head_size already where they are not normed
  Linear k;  // hidden → hidden: keys
  Linear v;  // hidden → hidden: values
  LayerNormWeights q_norm;  // [head_size], divided by √head_size
  LayerNormWeights k_norm;  // [head_size]
  Linear proj;              // hidden → hidden
  float* ls1;               // [hidden], LayerScale; `settle` has multiplied proj by it
  LayerNormWeights norm2;
  Linear fc1;       // hidden → mlp_hidden
  Linear fc1_gate;  // hidden → mlp_hidden, of a gated MLP
  Linear fc2;       // mlp_hidden → hidden
  float* ls2;       // [hidden], LayerScale; `settle` has multiplied fc2 by it
};

struct Weights {
  PackedMatrix patch_embed;  // patch_values → hidden
  float* prefix_tokens;      // [prefix_count × hidden]
  float* pos_embed;          // [positioned_prefix + patches] × [hidden]
  float* given_pos_embed;    // as it arrives; the same where it is not resampled
  LayerNormWeights norm_pre;
  std::vector<EncoderBlockWeights> blocks;  // [layers]
  PartialRow partial_row;                   // of an int8 model
  LayerNormWeights norm;
  LayerNormWeights fc_norm;
  PackedMatrix pre_logits;  // pooled features → pre_logits
  PackedMatrix head;        // pooled features, or pre_logits → classes; of two heads that are averaged, half
  PackedMatrix head_dist;   // the other half, of the distillation token
};

/// Points the weights into `arena` (or measures them, see arena.h).
Weights lay_out_weights(Arena& arena, const Config& config);

/// Prepares the weights once all have arrived: resamples the position embeddings to the image's grid, and
/// multiplies LayerScale into the matrices before it, so that it costs nothing per image. Calling it again
/// changes nothing.
void settle(Weights& weights, const Config& config);

}  // namespace vit
