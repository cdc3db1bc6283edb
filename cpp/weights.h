// The weights of a model: where each lies once packed, and the table by which they arrive.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena.h"
#include "config.h"
#include "element_order.h"
#include "kernels/kernels.h"
#include "linear.h"

namespace vit {

struct LayerNormWeights {
  float* weight;  // [hidden]
  float* bias;    // [hidden]
};

/// Where a row of weights is gathered until it can be quantised.
struct PartialRow {
  float* values;  // [the largest number of inputs]
  int8_t* codes;  // [the same]
};

/// What a model does not have (config.h) takes no memory.
struct EncoderBlockWeights {
  LayerNormWeights norm1;
  Linear q;  // hidden → hidden: queries, divided by √head_size already where they are not normed
  Linear k;  // hidden → hidden: keys
  Linear v;  // hidden → hidden: values
  LayerNormWeights q_norm;  // [head_size], divided by √head_size
  LayerNormWeights k_norm;  // [head_size]
  Linear proj;              // hidden → hidden
  float* ls1;               // [hidden], LayerScale; `settle` has multiplied proj by it
  LayerNormWeights norm2;
  Linear fc1;       // hidden → mlp_hidden
  Linear fc1_gate;  // hidden → mlp_hidden, of a gated MLP
  Linear fc2;       // mlp_hidden → hidden
  float* ls2;       // [hidden], LayerScale; `settle` has multiplied fc2 by it
};

struct Weights {
  PackedMatrix patch_embed;  // patch_values → hidden
  float* prefix_tokens;      // [prefix_count × hidden]
  float* pos_embed;          // [positioned_prefix + patches] × [hidden]
  float* given_pos_embed;    // as it arrives; the same where it is not resampled
  LayerNormWeights norm_pre;
  std::vector<EncoderBlockWeights> blocks;  // [layers]
  PartialRow partial_row;                   // of an int8 model
  LayerNormWeights norm;
  LayerNormWeights fc_norm;
  PackedMatrix pre_logits;  // pooled features → pre_logits
  PackedMatrix head;        // pooled features, or pre_logits → classes; of two heads that are averaged, half
  PackedMatrix head_dist;   // the other half, of the distillation token
};

/// Points the weights into `arena` (or measures them, see arena.h).
Weights lay_out_weights(Arena& arena, const Config& config);

/// One tensor as it is expected to arrive. The names are timm's, but for queries, keys and values, which come
/// apart (D hidden, M mlp_hidden, C classes, P patch, R registers, d head size, N
/// positions: those of the checkpoint's grid and of the prefix tokens that have one). What config.h switches
/// off is not expected.
///
///   cls_token, dist_token [1, 1, D]       reg_token [1, R, D]
///   patch_embed.proj.weight [D, 3, P, P]  patch_embed.proj.bias [D]
///   pos_embed [1, N, D]                   norm_pre.{weight, bias} [D]
///   blocks.{i}.norm1.{weight, bias} [D]   blocks.{i}.norm2.{weight, bias} [D]
///   blocks.{i}.attn.{q, k, v}.weight [D, D]          blocks.{i}.attn.{q, k, v}.bias [D]
///   blocks.{i}.attn.{q_norm, k_norm}.{weight, bias} [d]
///   blocks.{i}.attn.proj.weight [D, D]    blocks.{i}.attn.proj.bias [D]
///   blocks.{i}.mlp.fc1.weight [M, D]      blocks.{i}.mlp.fc1.bias [M]
///     of a gated MLP instead: blocks.{i}.mlp.{fc1_g, fc1_x}.*, the gate and what it gates
///   blocks.{i}.mlp.fc2.weight [D, M]      blocks.{i}.mlp.fc2.bias [D]
///   blocks.{i}.ls1.gamma [D]              blocks.{i}.ls2.gamma [D]
///   norm.{weight, bias} [D]               fc_norm.{weight, bias} [D]
///   pre_logits.weight [pre_logits, D or 2·D]         pre_logits.bias [pre_logits]
///   head.weight [C, D, 2·D or pre_logits]            head.bias [C]
///   head_dist.weight [C, D]               head_dist.bias [C]
///
/// Axes of size 1 before the others may be there or not.
///
/// In an int8 model the blocks' matrices (attn.{q, k, v, proj}, mlp.*) are quantised, each in one of two
/// ways:
///
/// (a) They arrive as floats of any dtype, and every row is quantised as soon as it is whole. A tensor may be
/// cut within a row, but no other of these may come between the halves. One in another order than the slot's
/// is gathered first, the only thing that takes memory after `begin`.
///
/// (b) They arrive quantised, as dtype "I8": the codes of `quantise_weights` (kernels/quantisation.h), row by
/// row. The scales come in a tensor of their own, before or after, named as the weights with `_spread_scale`
/// behind, floats [outputs]: blocks.0.attn.q.weight_spread_scale [D]. What results is equal to the bit. Codes
/// that the product could not sum exactly are refused.
struct WeightSlot {
  std::string name;
  std::vector<int> shape;
  float* plain = nullptr;            // where values go one after another, or null:
  PackedMatrix packed = {};          // where rows of a matrix become outputs, or without panels:
  QuantisedMatrix quantised = {};    // where rows become outputs once they are quantised
  PartialRow row = {};               // for that
  std::vector<float> gathered = {};  // for that, too, where values do not come row by row
  float scale = 1;                   // each value is multiplied by this
  uint64_t received = 0;             // elements that have arrived
  bool announced = false;
  bool announced_quantised = false;  // as I8
  int scales_of = -1;  // the slot whose scales these are, or none: expected when that comes quantised
};

using WeightSlots = std::vector<WeightSlot>;

/// The table of slots for `weights` laid out for `config`.
WeightSlots weight_slots(const Weights& weights, const Config& config);

/// Gives the slots of a table that was made without memory the places of `placed`, the same table with
/// memory.
void point(WeightSlots& slots, WeightSlots placed);

/// Takes the next chunk of a tensor; the contract is that of `tensor` in vit.h.
std::string receive(WeightSlots& slots, std::string_view name, std::string_view dtype,
                    std::span<const int> shape, ElementOrder order, const uint8_t* chunk, int bytes);

/// Names of the slots nothing was announced of, one a line.
std::string missing(const WeightSlots& slots);

/// Empty when every slot is full, else which is not, and by how much.
std::string incomplete(const WeightSlots& slots);

/// Once all weights have arrived: resamples the position embeddings, and multiplies LayerScale into the
/// matrices before it, so that it costs nothing per image. Again, it changes nothing.
void settle(Weights& weights, const Config& config);

}  // namespace vit
