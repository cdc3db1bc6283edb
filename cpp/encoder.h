// The encoder: pre-norm blocks of attention and MLP over a residual stream of tokens.
#pragma once

#include "activations.h"
#include "config.h"
#include "weights.h"

namespace vit {

/// One encoder block (equations 2 and 3 of Dosovitskiy et al. 2021):
///
///   tokens += attention(norm1(tokens));  tokens += mlp(norm2(tokens))
///
/// for the first `rows` tokens; the others are attended to but keep their value. In the last block of a
/// classifier only the class token's row is wanted, which saves most of that block.
void encoder_block(Activations& activations, const EncoderBlockWeights& weights, const Config& config,
                   int rows);

}  // namespace vit
