// Tokens → pooled features → logits → probabilities: the exit of the encoder.
#pragma once

#include "activations.h"
#include "config.h"
#include "texts.h"
#include "weights.h"

namespace vit {

/// normed = norm(tokens), for the first `rows` tokens; the tokens themselves in a model without a final norm.
void final_norm(Activations& activations, const HeadWeights& weights, const Config& config, int rows);

/// pooled = the pooling of `normed`, each vector followed by the norm of pooled features if the model has
/// one.
void pool(Activations& activations, const HeadWeights& weights, const Config& config, Pooling pooling);

/// pooled[i] = the last token of text i.
void pool_texts(Activations& activations, const Config& config, const Texts& texts);

/// joint = the first `rows` pooled vectors, projected to the width that images and texts share.
void project(Activations& activations, const HeadWeights& weights, const Config& config, int rows);

/// pooled = fc_norm(pooled), for each of `vectors` vectors; unchanged in a model without that norm.
void norm_pooled(Activations& activations, const HeadWeights& weights, const Config& config, int vectors);

/// features[count] /= their Euclidean length; a zero vector stays as it is.
void scale_to_length_1(float* features, int count);

/// logits = head(pooled) (equation 4 of Dosovitskiy et al. 2021 and its linear classifier), in some models
/// after a tanh layer; with two heads, the mean of their logits.
void classify(Activations& activations, const HeadWeights& weights, const Config& config);

/// probabilities = softmax(logits), or the sigmoid of each where classes are not mutually exclusive.
void normalize_logits(Activations& activations, const Config& config);

}  // namespace vit
