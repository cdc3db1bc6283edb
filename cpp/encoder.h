// The encoder: blocks of attention and MLP over a residual stream of tokens.
#pragma once

#include "activations.h"
#include "attention.h"
#include "config.h"
#include "texts.h"
#include "weights.h"

namespace vit {

/// One encoder block (equations 2 and 3 of Dosovitskiy et al. 2021):
///
///   tokens += attention(norm1(tokens));  tokens += mlp(norm2(tokens))
///
/// or, by the configuration, with the norms after both parts, `tokens += norm1(attention(tokens))` and so on,
/// or with the parts beside each other, `tokens += attention(norm1(tokens)) + mlp(norm1(tokens))`;
///
/// for the first `rows` tokens; the others are attended to but keep their values. In the last block of a
/// classifier that reads only the class token, one row is enough, which saves most of that block. (LayerScale
/// is folded into the weights; see `settle`.) `texts` and `capture` as in attention.h; a model of texts has
/// its norms before the parts.
void encoder_block(Activations& activations, const EncoderBlockWeights& weights, const Config& config,
                   int rows, const Texts& texts = {}, const AttentionCapture& capture = {});

}  // namespace vit
