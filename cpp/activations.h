// Every buffer that `forward` writes, sized once from the configuration.
#pragma once

#include "arena.h"
#include "config.h"
#include "kernels/byte_attention.h"
#include "kernels/kernels.h"
#include "linear.h"

namespace vit {

/// The buffers, in the order the data flows. N patches, T tokens, D hidden, M mlp_hidden,
/// d head size.
struct Activations {
  float* pixel_values;            // [3 × image_height × image_width]
  float* patch_pixels;            // [N × 3·P·P], the patches flattened
  float* tokens;                  // [T × D], the residual stream: prefix tokens, then patches
  float* normed;                  // [T × D], layer norm of the tokens; after the blocks, the final tokens
  float* q;                       // [T × D], queries of all attention heads side by side
  float* k;                       // [T × D], keys
  float* v;                       // [T × D], values
  float* shared_keys;             // [T × D], of a causal text encoder: keys of what all texts begin with,
  float* shared_values;           // [T × D], and values
  float* keys;                    // [heads × T rounded up to whole panels × d], k packed per attention head
  float* values;                  // [heads × T × d rounded up to whole panels], v packed per attention head
  QuantizedMatrix byte_keys;      // of an int8 model instead: the same as bytes, of the first attention head;
  QuantizedMatrix byte_values;    // the others' follow
  QuantizedHalves softmax_bytes;  // [threads × kAttentionRows × the larger of T and d], queries, then softmax
  float* no_bias;                 // zeros, as many as keys or values of one attention head have columns
  float* scores;                  // [threads × kAttentionRows × T rounded up to whole panels]
  float* attended;                // [T × D], the attention heads side by side
  float* mlp_hidden;              // [T × M]
  float* mlp_gate;                // [T × M], of a gated MLP
  QuantizedHalves quantized;  // [T × the larger of D and M], of an int8 model: what a layer multiplies next;
                              // the lower halves are of prefix tokens only
  float* pool_scores;         // [T × heads rounded up to whole panels], of a model that pools by attention
  float* pool_weights;        // [heads × T]
  float* pool_heads;          // [heads × D]
  float* pool_values;         // [heads × D]
  float* pooled;         // [2 × D], of which the model's pooling gives one row or both; of texts one each
  float* joint;          // [1 or texts × joint_width]
  float* represented;    // [pre_logits]
  float* logits;         // [classes]
  float* probabilities;  // [classes]
};

/// Query rows whose scores exist at a time: few enough that a score never leaves the cache, and a whole
/// number of GEMM tiles in every variant (of 5 and of 6 rows, and of 3 in whole numbers).
inline constexpr int kAttentionRows = 30;

/// Keys of one attention head: d inputs, T outputs.
PackedMatrix keys_of(Activations& activations, const Config& config, int head);

/// Values of one attention head: T inputs, d outputs.
PackedMatrix values_of(Activations& activations, const Config& config, int head);

/// The same of an int8 model (kernels/byte_attention.h).
QuantizedMatrix quantized_keys_of(Activations& activations, const Config& config, int head);
QuantizedMatrix quantized_values_of(Activations& activations, const Config& config, int head);

/// The first `rows` rows of `width` values as input of linear layers. In an int8 model they are quantized,
/// which rotates `values` in place (kernels/quantization.h): prefix tokens, which are few and from which
/// answers are mostly read, to 14 bits, patches to 7. The result is valid until the next call.
LinearInput linear_input(Activations& activations, const Config& config, float* values, int rows, int width);

/// The scores the running thread has for itself.
float* scores_of_this_thread(Activations& activations, const Config& config);

/// As many rows of bytes; `high` is also for the queries.
QuantizedHalves softmax_bytes_of_this_thread(Activations& activations, const Config& config);

/// Points the buffers into `arena` (or measures them, see arena.h).
Activations lay_out_activations(Arena& arena, const Config& config);

}  // namespace vit
