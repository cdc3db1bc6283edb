// The weights of a Swin Transformer: its blocks' are those of plain blocks, with a few more.
#pragma once

#include <vector>

#include "../arena.h"
#include "../config.h"
#include "../weight_slots.h"
#include "../weights.h"

namespace vit {

struct SwinBlockWeights {
  EncoderBlockWeights block;  // with the bias of the scores within a window
  // Of cosine attention:
  float* logit_scale;  // [heads], as it arrives: a logarithm
  float* query_scale;  // [heads], the factor itself
};

struct SwinStageWeights {
  std::vector<SwinBlockWeights> blocks;
  // After them, in all but the last stage:
  LayerNormWeights merge_norm;  // [4 × width]; of cosine attention [2 × width], behind the matrix
  Linear merge;                 // 4 × width → 2 × width
};

struct SwinWeights {
  std::vector<SwinStageWeights> stages;
  float* bias_scratch;
};

/// Points the weights into `arena` (or measures them, see arena.h); returns what surrounds the blocks.
Weights lay_out_swin_weights(SwinWeights& swin, Arena& arena, const Config& config);

/// The table of its tensors. Names are those of weight_slots.h with `layers.{stage}.blocks.{i}` instead of
/// `blocks.{i}`, `norm_pre` being the patch embedding's norm, and in addition (C a stage's width)
///
///   layers.{stage}.downsample.norm.{weight, bias} [4·C, of cosine attention 2·C]
///   layers.{stage}.downsample.reduction.weight [2·C, 4·C]
///   layers.{stage}.blocks.{i}.attn.relative_position_bias_table [(2·window − 1)², heads]
///     of cosine attention instead: attn.logit_scale [heads, 1, 1]
///     attn.cpb_mlp.0.weight [512, 2], .bias [512]; attn.cpb_mlp.2.weight [heads, 512]
WeightSlots swin_weight_slots(const Weights& weights, const SwinWeights& swin, const Config& config);

/// Prepares the weights once all have arrived, as `settle` does; computes the bias of cosine attention
/// (distance_bias.h). Calling it again changes nothing.
void settle_swin(Weights& weights, SwinWeights& swin, const Config& config);

}  // namespace vit
