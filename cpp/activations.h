// Every buffer that `forward` writes, sized once from the configuration.
#pragma once

#include "arena.h"
#include "config.h"
#include "kernels/int16.h"
#include "kernels/kernels.h"
#include "linear.h"

namespace vit {

/// The buffers, in the order the data flows. N patches, T tokens, D hidden, M mlp_hidden,
/// d head size.
struct Activations {
  float* pixel_values;  // [3 × image_height × image_width]
  float* patch_pixels;  // [N × 3·P·P], the patches flattened
  float* tokens;        // [T × D], the residual stream: prefix tokens, then patches
  float* normed;        // [T × D], layer norm of the tokens; after the blocks, the final tokens
  float* q;             // [T × D], queries of all attention heads side by side
  float* k;             // [T × D], keys
  float* v;             // [T × D], values
  float* keys;          // [heads × T rounded up to whole panels × d], k packed per attention head
  float* values;        // [heads × T × d rounded up to whole panels], v packed per attention head
  int16_t* int16_keys;  // of an int8 model instead: the same as whole numbers,
  int16_t* int16_values;
  float* key_scales;        // [heads × T rounded up to whole panels], and their scales
  float* value_scales;      // [heads × d rounded up to whole panels]
  Int16Rows int16_rows;     // [threads × kAttentionRows × the larger of T and d], queries, then probabilities
  float* no_bias;           // zeros, as many as keys or values of one attention head have columns
  float* scores;            // [threads × kAttentionRows × T rounded up to whole panels]
  float* attended;          // [T × D], the attention heads side by side
  float* mlp_hidden;        // [T × M]
  float* mlp_gate;          // [T × M], of a gated MLP
  QuantizedRows quantized;  // [T × the larger of D and M], of an int8 model: what a layer multiplies next
  float* pool_scores;       // [T × heads rounded up to whole panels], of a model that pools by attention
  float* pool_weights;      // [heads × T]
  float* pool_heads;        // [heads × D]
  float* pool_values;       // [heads × D]
  float* pooled;            // [2 × D], of which the model's pooling gives one row or both; of texts one each
  float* joint;             // [1 or texts × joint_width]
  float* represented;       // [pre_logits]
  float* logits;            // [classes]
  float* probabilities;     // [classes]
};

/// Query rows whose scores exist at a time: few enough that a score never leaves the cache, and a whole
/// number of GEMM tiles in every variant (of 5 and of 6 rows, and of 3 in whole numbers).
inline constexpr int kAttentionRows = 30;

/// Keys of one attention head: d inputs, T outputs.
PackedMatrix keys_of(Activations& activations, const Config& config, int head);

/// Values of one attention head: T inputs, d outputs.
PackedMatrix values_of(Activations& activations, const Config& config, int head);

/// The same of an int8 model.
Int16Matrix int16_keys_of(Activations& activations, const Config& config, int head);
Int16Matrix int16_values_of(Activations& activations, const Config& config, int head);

/// The first `rows` rows of `width` values as input of linear layers. In an int8 model they are quantized,
/// which rotates `values` in place (kernels/quantization.h); the result is valid until the next call.
LinearInput linear_input(Activations& activations, const Config& config, float* values, int rows, int width);

/// The scores the running thread has for itself.
float* scores_of_this_thread(Activations& activations, const Config& config);

/// As many rows of whole numbers.
Int16Rows int16_rows_of_this_thread(Activations& activations, const Config& config);

/// Points the buffers into `arena` (or measures them, see arena.h).
Activations lay_out_activations(Arena& arena, const Config& config);

}  // namespace vit
