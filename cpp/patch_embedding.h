// Pixel values → patches → tokens: the entrance of the encoder.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// Cuts the image into patches and projects each linearly (equation 1 of Dosovitskiy et al. 2021, xₚE; a
/// convolution with stride = kernel in the reference). Writes tokens 1 … N, leaves the class token's row
/// alone.
void embed_patches(Activations& activations, const Weights& weights, const Config& config);

/// Puts the class token in row 0 and adds the position embedding to every token: z₀.
void add_class_token_and_positions(Activations& activations, const Weights& weights, const Config& config);

}  // namespace vit
