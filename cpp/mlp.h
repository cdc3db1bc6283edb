// The MLP of an encoder block.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// tokens += fc2(activation(fc1(normed))), for the first `rows` tokens; of a gated MLP
///
///   tokens += fc2(activation(first half of fc1(normed)) · second half)
///
/// Reads `normed`, uses `mlp_hidden`.
void mlp(Activations& activations, const EncoderBlockWeights& weights, const Config& config, int rows);

}  // namespace vit
