// The encoder of a Swin Transformer: stages of blocks that attend within windows. Linear layers, norms,
// softmax, quantization and the bias of scores are a plain ViT's.
#pragma once

#include "../activations.h"
#include "../observer.h"
#include "stages.h"
#include "swin_weights.h"

namespace vit {

/// Points its buffers into `arena` (or measures them, see arena.h). Those that a stage uses are as large as
/// the largest stage's; `mlp_hidden` also takes tokens in the order of windows, and those about to be merged.
Activations lay_out_swin_activations(Arena& arena, const Config& config);

/// Pixel values → the tokens [tokens × hidden] of the last stage, before the final norm: patches, their norm,
/// then the blocks of every stage (equation 3 of Liu et al. 2021, figure 1 of Liu et al. 2022),
///
///   x += attention(norm1(x));  x += mlp(norm2(x))
///   x += norm1(attention(x));  x += norm2(mlp(x))        with cosine attention
///
/// and between stages four tokens become one of twice the width: linear(norm([4·C])), or with cosine
/// attention norm(linear([4·C])).
void encode_swin(Activations& activations, const InputWeights& weights, const SwinWeights& swin,
                 const Config& config, const Observer& observe);

}  // namespace vit
