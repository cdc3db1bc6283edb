// The MLP of an encoder block.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// tokens += fc2(activation(fc1(normed))), for the first `rows` tokens; of a gated MLP
///
///   tokens += fc2(activation(fc1_gate(normed)) · fc1(normed))
///
/// With mlp_norm, what fc2 reads goes through a layer norm first.
///
/// Reads `normed`, uses `mlp_hidden` and `mlp_gate`.
void mlp(Activations& activations, const EncoderBlockWeights& weights, const Config& config, int rows);

}  // namespace vit
