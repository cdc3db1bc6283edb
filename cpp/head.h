// Tokens → logits → probabilities: the exit of the encoder.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// normed = norm(tokens): the final layer norm, of the first `rows` tokens.
void final_norm(Activations& activations, const Weights& weights, const Config& config, int rows);

/// logits = head(normed class token) (equation 4 of Dosovitskiy et al. 2021 and its linear classifier).
void classify(Activations& activations, const Weights& weights, const Config& config);

/// probabilities = softmax(logits).
void normalise_logits(Activations& activations, const Config& config);

}  // namespace vit
