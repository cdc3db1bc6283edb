// Texts → tokens: the entrance of the encoder for the text tower of CLIP and SigLIP.
#pragma once

#include "activations.h"
#include "config.h"
#include "texts.h"
#include "weights.h"

namespace vit {

/// Adds the position embeddings to the token embeddings in `tokens`. Each text's own tokens continue at the
/// position after the shared ones.
void add_text_positions(Activations& activations, const InputWeights& weights, const Config& config,
                        const Texts& texts);

}  // namespace vit
