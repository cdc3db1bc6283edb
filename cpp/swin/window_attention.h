// Attention within windows, and moving tokens into windows and back.
#pragma once

#include "../activations.h"
#include "stages.h"
#include "swin_weights.h"

namespace vit {

/// out[windowed_tokens × width] = the tokens, window by window; zeros for padding.
void into_windows(float* out, const float* tokens, const WindowGrid& grid, int width);

/// The inverse: tokens[rows × columns × width]; padding is left out.
void from_windows(float* tokens, const float* windowed, const WindowGrid& grid, int width);

/// attended = concat over heads of softmax(q·kᵀ/√d + bias)·v in every window, of q, k, v [windowed_tokens ×
/// C]. Cosine attention has cosines of q and k times a factor of the head instead of q·kᵀ/√d, and changes q
/// and k.
///
/// Where windows are shifted, those at the edges have tokens from opposite edges; the scores of tokens that
/// are not neighbors are lowered by 100 (by 200 in transformers' version 2, which subtracts it twice).
///
/// `window` is the stage's window_config. Uses keys, values, scores; threads share windows and heads.
void window_attention(Activations& activations, const SwinBlockWeights& weights, const Config& window,
                      const WindowGrid& grid);

}  // namespace vit
