// The weights of a model as the kernels read them: where each is in memory. How they get there is
// weight_slots.h (which tensors are expected) and weight_stream.h (how their bytes arrive).
#pragma once

#include <cstdint>
#include <vector>

#include "arena.h"
#include "config.h"
#include "kernels/kernels.h"
#include "linear.h"
#include "rotary.h"
#include "score_bias.h"

namespace vit {

struct LayerNormWeights {
  float* weight;  // [hidden]
  float* bias;    // [hidden]; null of an RMS norm (kernels.h, Zhang & Sennrich 2019)
};

/// out[rows × width] = the layer norm of x (kernels.h) with these weights; `out` may be `x`.
inline void norm(float* out, const float* x, const LayerNormWeights& weights, int rows, int width,
                 float eps) {
  layer_norm(out, x, rows, width, weights.weight, weights.bias, eps);
}

/// Where a row of weights is collected until it is whole and can be quantized.
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
  LayerNormWeights q_norm;     // [head_size], divided by √head_size
  LayerNormWeights k_norm;     // [head_size]
  RotaryTable rotary;          // shared by all blocks, unless they have learned frequencies
  ScoreBias score_bias;        // of relative positions; may be shared by all blocks
  LayerNormWeights attn_norm;  // [hidden], of attention_norm
  Linear proj;                 // hidden → hidden
  float* ls1;                  // [hidden], LayerScale; `settle` has multiplied proj by it
  LayerNormWeights norm2;
  Linear fc1;                 // hidden → mlp_hidden
  Linear fc1_gate;            // hidden → mlp_hidden, of a gated MLP
  LayerNormWeights mlp_norm;  // [mlp_hidden]
  Linear fc2;                 // mlp_hidden → hidden
  float* ls2;  // [hidden], LayerScale; `settle` has multiplied fc2 by it; of parallel parts, ls1
};

/// Pooling by attention (attention_pool.h).
struct AttentionPoolWeights {
  float* latent;   // [hidden], the learned query
  PackedMatrix q;  // hidden → hidden, applied to the latent alone
  float* k;        // [hidden × hidden], row-major: keys; their biases add the same to all scores, so nothing
  float* k_bias;   // [hidden]
  PackedMatrix scores;  // hidden → heads: made by `settle` of the three above
  PackedMatrix v;       // hidden → hidden
  PackedMatrix proj;    // hidden → hidden
  LayerNormWeights norm;
  Linear fc1;  // hidden → mlp_hidden
  Linear fc2;  // mlp_hidden → hidden
};

/// What turns patches, or the embeddings of a text's tokens, into the encoder's tokens.
struct InputWeights {
  PackedMatrix patch_embed;   // patch_values → hidden; none for texts
  float* prefix_tokens;       // [prefix_count × hidden]
  float* pos_embed;           // [positioned_prefix + patches] × [hidden]
  float* given_pos_embed;     // as it arrives; the same where it is not resampled
  LayerNormWeights norm_pre;  // [hidden]
};

struct EncoderWeights {
  float* rotary_frequencies;                // [2 × layers × heads × head_size/2], learned: along x, along y
  std::vector<EncoderBlockWeights> blocks;  // [layers]
  float* bias_scratch;                      // for `compute_distance_bias` and `settle_score_bias`
};

/// What turns the encoder's tokens into features, embeddings and logits.
struct HeadWeights {
  LayerNormWeights norm;           // [hidden], of the tokens
  AttentionPoolWeights attn_pool;  // of a model that pools by attention
  LayerNormWeights fc_norm;        // [hidden], of pooled vectors
  PackedMatrix joint_proj;         // pooled features → joint_width
  PackedMatrix pre_logits;         // pooled features → pre_logits
  PackedMatrix linear;       // pooled features, or pre_logits → classes; of two heads that are averaged, half
  PackedMatrix linear_dist;  // the other half, of the distillation token
};

struct Weights {
  InputWeights input;
  EncoderWeights encoder;  // of a plain ViT; a Swin Transformer's are in swin/swin_weights.h
  HeadWeights head;
  PartialRow partial_row;  // of an int8 model
};

/// Parts of them, pointed into `arena` (or measured, see arena.h). Of an encoder block all but what blocks
/// share; of the partial row, room for `inputs` values in an int8 model.
LayerNormWeights take_layer_norm(Arena& arena, const Config& config, int width);
InputWeights take_input(Arena& arena, const Config& config);
EncoderBlockWeights take_encoder_block(Arena& arena, const Config& config);
HeadWeights take_head(Arena& arena, const Config& config);
PartialRow take_partial_row(Arena& arena, const Config& config, int inputs);

/// All of them, of a plain ViT.
Weights lay_out_weights(Arena& arena, const Config& config);

/// Resamples the position embeddings to the image's grid. Calling it again changes nothing.
void settle_input(InputWeights& weights, const Config& config);

/// Prepares all weights of a plain ViT once they have arrived: its input, the angles of rotary positions and
/// the biases by relative position; multiplies LayerScale into the matrices before it, and the constant query
/// of attention pooling into its keys, so that these cost nothing per image. Calling it again changes
/// nothing.
void settle(Weights& weights, const Config& config);

}  // namespace vit
