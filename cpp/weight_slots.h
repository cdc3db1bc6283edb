// The table of the tensors that a model expects: a slot for each, with its name, shape and destination.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config.h"
#include "element_order.h"
#include "kernels/kernels.h"
#include "weights.h"

namespace vit {

/// How the values of a tensor are stored.
struct StoredValues {
  DataType type = DataType::f32;
  bool codes = false;       // bytes that are quantized already, instead of `type`
  std::vector<Axis> order;  // empty: row-major in the slot's shape
};

/// One expected tensor. The names are timm's, except that queries, keys and values are separate (D hidden, M
/// mlp_hidden, C classes, P patch, R registers, d head size, N positions: those of the checkpoint's grid and
/// of the prefix tokens that have one). What config.h switches off is not expected.
///
///   cls_token, dist_token [1, 1, D]       reg_token [1, R, D]
///   patch_embed.proj.weight [D, 3, P, P]  patch_embed.proj.bias [D]
///   pos_embed [1, N, D]                   norm_pre.{weight, bias} [D], also a norm of patches
///   blocks.{i}.norm1.{weight, bias} [D]   blocks.{i}.norm2.{weight, bias} [D]
///   blocks.{i}.attn.{q, k, v}.weight [D, D]          blocks.{i}.attn.{q, k, v}.bias [D]
///   blocks.{i}.attn.{q_norm, k_norm}.{weight, bias} [d]
///   blocks.{i}.attn.relative_position_bias_table, or of all blocks relative_position_bias_table
///     [(2R − 1)·(2C − 1), and 3 more where there are prefix tokens, heads] for the checkpoint's grid of R ×
///     C; instead, where a network computes them, the same names with cpb_mlp.0.{weight [distance_width, 2],
///     bias} and cpb_mlp.2.{weight [heads, distance_width], bias}
///   rope.freqs [2, layers, heads, d/2], learned ones along x, then along y
///   blocks.{i}.attn.norm.{weight, bias} [D]          blocks.{i}.mlp.norm.{weight, bias} [M]
///   blocks.{i}.attn.proj.weight [D, D]    blocks.{i}.attn.proj.bias [D]
///   blocks.{i}.mlp.fc1.weight [M, D]      blocks.{i}.mlp.fc1.bias [M]
///     of a gated MLP instead: blocks.{i}.mlp.{fc1_g, fc1_x}.*, the gate and what it gates
///   blocks.{i}.mlp.fc2.weight [D, M]      blocks.{i}.mlp.fc2.bias [D]
///   blocks.{i}.ls1.gamma [D]              blocks.{i}.ls2.gamma [D]
///   norm.{weight, bias} [D]               fc_norm.{weight, bias} [D]
///   attn_pool.latent [1, 1, D]            attn_pool.{q, k, v, proj}.weight [D, D], .bias [D]
///   attn_pool.norm.{weight, bias} [D]     attn_pool.mlp.{fc1, fc2}.* as of a block
///   joint_proj.weight [joint_width, D]    joint_proj.bias [joint_width]
///   pre_logits.weight [pre_logits, D or 2·D]         pre_logits.bias [pre_logits]
///   head.weight [C, D, 2·D or pre_logits]            head.bias [C]
///   head_dist.weight [C, D]               head_dist.bias [C]
///
/// A block whose attention and MLP are parallel has no norm2 and no ls2; RMS norms have no bias. Leading axes
/// of size 1 are optional.
///
/// In an int8 model the blocks' matrices (attn.{q, k, v, proj}, mlp.*) are quantized, in one of two ways:
///
/// (a) They arrive as floats of any type, and each row is quantized as soon as it is complete. A chunk may
/// end within a row, but the next chunk of such a matrix must then continue that row. A matrix in another
/// order than the slot's is collected first, the only allocation after `allocate`, of 256 MB at most.
///
/// (b) They arrive quantized, as dtype "I8": the codes of `quantize_weights` (kernels/quantization.h), row by
/// row. The scales are a tensor of their own, before or after, with the weights' name and the suffix
/// `kScaleSuffix`, floats [outputs]: blocks.0.attn.q.weight_spread_scale [D]. The result is equal to (a) to
/// the bit. Codes that the product could not sum exactly are refused.
struct WeightSlot {
  std::string name;
  std::vector<int> shape;

  // Where the values go: one of the three.
  float* plain = nullptr;          // one after another
  PackedMatrix packed = {};        // each row of the matrix becomes an output
  QuantizedMatrix quantized = {};  // the same, row by row quantized

  float scale = 1;     // each value is multiplied by this
  int scales_of = -1;  // the slot whose scales these are, or −1; expected when that arrives quantized

  std::optional<StoredValues> announced = {};
  uint64_t received = 0;             // elements that have arrived
  std::vector<float> gathered = {};  // all values of a matrix to quantize that does not arrive row by row
};

struct WeightSlots {
  std::vector<WeightSlot> slots;
  std::vector<int> by_hash;  // a hash table of indices of `slots`; −1 where it is empty
  PartialRow row;            // shared by all matrices to quantize
  int open_row = -1;         // the slot of which `row` holds the beginning of a row, or −1
};

/// What the scales' name ends with. (An earlier word for the rotation; files that have been converted and
/// published have it.)
inline constexpr char kScaleSuffix[] = "_spread_scale";

/// The table for `weights`, laid out for `config`.
WeightSlots weight_slots(const Weights& weights, const Config& config);

/// Replaces the destinations of a table made before there was memory by those of `placed`, the same table
/// with memory. Announcements are kept.
void point(WeightSlots& table, WeightSlots placed);

/// The index of the slot with this name, or −1, in constant time.
int find(const WeightSlots& table, std::string_view name);

uint64_t element_count(const WeightSlot& slot);

/// Names of the expected tensors that were not announced, one per line.
std::string missing(const WeightSlots& table);

/// Empty when every expected tensor has arrived in full; otherwise the first that has not, and how much of
/// it.
[[nodiscard]] std::string incomplete(const WeightSlots& table);

}  // namespace vit
