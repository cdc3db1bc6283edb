// Tokens → pooled features → logits → probabilities: the exit of the encoder.
#pragma once

#include <span>

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// normed = norm(tokens), of the first `rows` tokens; the tokens as they are where a model has no final norm.
void final_norm(Activations& activations, const Weights& weights, const Config& config, int rows);

/// pooled = the pooling of `normed`, each vector through the norm of pooled features if the model has one.
void pool(Activations& activations, const Weights& weights, const Config& config, Pooling pooling);

/// The same of each text, whose tokens follow each other in `normed`: one pooled vector a text.
void pool_texts(Activations& activations, const Config& config, std::span<const int> lengths);

/// joint = the first `rows` pooled vectors, projected to the width that pictures and texts share.
void project(Activations& activations, const Weights& weights, const Config& config, int rows);

/// pooled = fc_norm(pooled), of each of so many vectors; as they are where a model has no such norm.
void norm_pooled(Activations& activations, const Weights& weights, const Config& config, int vectors);

/// features[count] /= their Euclidean length; zeros stay.
void scale_to_length_1(float* features, int count);

/// logits = head(pooled) (equation 4 of Dosovitskiy et al. 2021 and its linear classifier), with a tanh layer
/// before it in some models; of two heads, the mean of their logits.
void classify(Activations& activations, const Weights& weights, const Config& config);

/// probabilities = softmax(logits), or each one's sigmoid where classes do not exclude each other.
void normalise_logits(Activations& activations, const Config& config);

}  // namespace vit
