// A bias of attention's scores by relative position (Raffel et al. 2020, Bao et al. 2022): each attention
// head adds to a score a value that depends on how far the key's patch is from the query's.
#pragma once

#include "arena.h"
#include "config.h"
#include "distance_bias.h"

namespace vit {

/// The biases of one block, or of all.
struct ScoreBias {
  DistanceNetwork network;  // that computes `given`, if there is one
  float* given;    // [(2R − 1)·(2C − 1) + extra] × [heads], as it arrives, for the checkpoint's grid of R × C
  float* patches;  // [heads × (2r − 1) × (2c − 1)] for the image's grid of r × c: of a key j rows below and i
                   // columns right of its query at [j + r − 1][i + c − 1]
  float* prefix;   // [heads × 3]: a prefix token's query with a patch's key, the reverse, and among them
};

/// Biases for prefix tokens that follow those for patches.
constexpr int extra_biases(const Config& c) { return prefix_count(c) > 0 ? 3 : 0; }

/// Rows of `ScoreBias::given`.
constexpr int bias_rows(const Config& c) {
  return (2 * bias_grid_rows(c) - 1) * (2 * bias_grid_columns(c) - 1) + extra_biases(c);
}

/// Points the biases into `arena` (or measures them, see arena.h).
ScoreBias lay_out_score_bias(Arena& arena, const Config& config);

/// Makes the other tables of `given`. For a grid other than the checkpoint's, the part for patches is
/// resampled bilinearly first, as transformers' `BeitRelativePositionBias` does. `scratch` has room for
/// `patches`.
///
/// In the reference, row (y_q − y_k + R − 1)·(2C − 1) + (x_q − x_k + C − 1) of `given` is for a query at
/// (y_q, x_q) and a key at (y_k, x_k); the last three are for class token to patch, patch to class token, and
/// class token to itself, which are 0 where a network computes the others.
void settle_score_bias(ScoreBias bias, float* scratch, const Config& config);

/// scores[tokens] += the biases of the query of token `token` in attention head `head`.
void add_score_bias(float* scores, const ScoreBias& bias, const Config& config, int head, int token);

}  // namespace vit
