// Rotary position embeddings (RoFormer, Su et al. 2021) on a grid of patches: every attention head's queries
// and keys are turned by angles that grow with the patch's row and column, so that their products depend on
// how far apart two patches are.
#pragma once

#include "arena.h"
#include "config.h"

namespace vit {

/// The angles of each patch.
struct RotaryTable {
  float* cos;  // [patches × head_size/2], of learned frequencies [patches × heads × head_size/2]
  float* sin;  // the same
};

/// Learned frequencies of a block.
struct RotaryFrequencies {
  const float* x;  // [heads × head_size/2], the angle from a column to the next
  const float* y;  // [heads × head_size/2], from a row to the next
};

/// Points the table into `arena` (or measures it, see arena.h); nothing where the model has no rotary
/// positions.
RotaryTable lay_out_rotary(Arena& arena, const Config& config);

/// Computes the table. With d the head size and a patch's coordinates y and x (config.h), its angles are, one
/// after another (x first, where `columns_first`),
///
///   y · theta^(−4j/d)  and  x · theta^(−4j/d),   j = 0 … d/4 − 1
///
/// (timm's `build_rotary_pos_embed`, transformers' `DINOv3ViTRopePositionEmbedding`), in double precision. Of
/// learned frequencies, pair i of head h has x · learned.x[h, i] + y · learned.y[h, i] (RoPE-Mixed, Heo et
/// al. 2024).
void fill_rotary(RotaryTable table, const RotaryFrequencies& learned, const Config& config);

/// Rotates every attention head of the patches among the first `rows` tokens of x[rows × hidden]. Prefix
/// tokens stay as they are. Threads share the rows.
void rotate_patches(float* x, const RotaryTable& table, const Config& config, int rows);

}  // namespace vit
