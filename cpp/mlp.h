// The MLP of an encoder block.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// out[rows × D] = fc2(activation(fc1(normed))), or added to out, for the first `rows` tokens; a gated MLP is
///
///   fc2(activation(fc1_gate(normed)) · fc1(normed))
///
/// With mlp_norm, the input of fc2 goes through a layer norm first.
///
/// Reads `normed`, and in an int8 model overwrites it with its rotation; uses `mlp_hidden` and `mlp_gate`.
void mlp(float* out, Store store, Activations& activations, const EncoderBlockWeights& weights,
         const Config& config, int rows);

}  // namespace vit
