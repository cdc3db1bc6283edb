// Attention within windows, and the way of tokens into windows and back.
#pragma once

#include "../activations.h"
#include "stages.h"
#include "swin_weights.h"

namespace vit {

/// out[windowed_tokens × width] = the tokens, window by window; zeros where the grid was filled up.
void into_windows(float* out, const float* tokens, const WindowGrid& grid, int width);

/// The way back: tokens[rows × columns × width]; what filled up the grid is left out.
void from_windows(float* tokens, const float* windowed, const WindowGrid& grid, int width);

/// attended = concat over heads of softmax(q·kᵀ/√d + bias)·v in every window, of q, k, v [windowed_tokens ×
/// C]. Cosine attention has cosines of q and k times a factor of the head instead of q·kᵀ/√d, and changes q
/// and k.
///
/// Where windows are shifted, those at the edges have tokens of both; the scores of tokens that are no
/// neighbors are made smaller by 100 (of version 2 in transformers by 200, because it is done twice).
///
/// `window` is the stage's window_config. Uses keys, values, scores; threads share windows and heads.
void window_attention(Activations& activations, const SwinBlockWeights& weights, const Config& window,
                      const WindowGrid& grid);

}  // namespace vit
