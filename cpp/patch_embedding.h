// Pixel values → patches → tokens: the entrance of the encoder.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// Cuts the image into patches and projects each linearly (equation 1 of Dosovitskiy et al. 2021, xₚE; a
/// convolution with stride = kernel in the reference). Writes the tokens after the prefix, not the prefix.
void embed_patches(Activations& activations, const InputWeights& weights, const Config& config);

/// patches = norm_pre(patches), in models that norm them before prefix tokens and positions come.
void norm_patches(Activations& activations, const InputWeights& weights, const Config& config);

/// Puts the prefix tokens (class, distillation, registers) before the patches and adds the position
/// embeddings, where there are learned ones, to the patches and to those prefix tokens that have one: z₀.
void add_prefix_tokens_and_positions(Activations& activations, const InputWeights& weights,
                                     const Config& config);

/// tokens = norm_pre(tokens), in models that have such a norm before the first block.
void norm_before_blocks(Activations& activations, const InputWeights& weights, const Config& config);

}  // namespace vit
