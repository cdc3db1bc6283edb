// Texts → tokens: the entrance of the encoder for the text tower of CLIP and SigLIP.
#pragma once

#include <span>

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// Adds the position embeddings to the token embeddings in `tokens`, those of each text from the first
/// position on.
void add_text_positions(Activations& activations, const InputWeights& weights, const Config& config,
                        std::span<const int> lengths);

}  // namespace vit
