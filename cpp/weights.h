// The weights of a model: where each lies once packed, and the table by which they arrive.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arena.h"
#include "config.h"
#include "kernels/kernels.h"

namespace vit {

struct LayerNormWeights {
  float* weight;  // [hidden]
  float* bias;    // [hidden]
};

struct EncoderBlockWeights {
  LayerNormWeights norm1;
  PackedMatrix q;     // hidden → hidden: queries, divided by √head_size already
  PackedMatrix k;     // hidden → hidden: keys
  PackedMatrix v;     // hidden → hidden: values
  PackedMatrix proj;  // hidden → hidden
  LayerNormWeights norm2;
  PackedMatrix fc1;  // hidden → mlp_hidden
  PackedMatrix fc2;  // mlp_hidden → hidden
};

struct Weights {
  PackedMatrix patch_embed;                 // patch_values → hidden
  float* cls_token;                         // [hidden]
  float* pos_embed;                         // [tokens × hidden], the class token's first
  std::vector<EncoderBlockWeights> blocks;  // [layers]
  LayerNormWeights norm;
  PackedMatrix head;  // hidden → classes
};

/// Points the weights into `arena` (or measures them, see arena.h).
Weights lay_out_weights(Arena& arena, const Config& config);

/// One tensor as it is expected to arrive. The names are timm's, but for queries, keys and values, which come
/// apart (D hidden, M mlp_hidden, C classes, P patch, N patches):
///
///   cls_token [1, 1, D]                   pos_embed [1, N + 1, D]
///   patch_embed.proj.weight [D, 3, P, P]  patch_embed.proj.bias [D]
///   blocks.{i}.norm1.{weight, bias} [D]   blocks.{i}.norm2.{weight, bias} [D]
///   blocks.{i}.attn.{q, k, v}.weight [D, D]  blocks.{i}.attn.{q, k, v}.bias [D] (with qkv_bias)
///   blocks.{i}.attn.proj.weight [D, D]    blocks.{i}.attn.proj.bias [D]
///   blocks.{i}.mlp.fc1.weight [M, D]      blocks.{i}.mlp.fc1.bias [M]
///   blocks.{i}.mlp.fc2.weight [D, M]      blocks.{i}.mlp.fc2.bias [D]
///   norm.{weight, bias} [D]               head.weight [C, D]  head.bias [C]
struct WeightSlot {
  std::string name;
  std::vector<int> shape;
  float* plain;         // where values go one after another, or null:
  PackedMatrix packed;  // where rows of a matrix become outputs
  float scale;          // each value is multiplied by this
  uint64_t received;    // elements that have arrived
  bool announced;
};

using WeightSlots = std::vector<WeightSlot>;

/// The table of slots for `weights` laid out for `config`.
WeightSlots weight_slots(const Weights& weights, const Config& config);

/// Takes the next chunk of a tensor; the contract is that of `tensor` in vit.h.
std::string receive(WeightSlots& slots, std::string_view name, std::string_view dtype,
                    std::span<const int> shape, const uint8_t* chunk, int bytes);

/// Names of the slots nothing was announced of, one a line.
std::string missing(const WeightSlots& slots);

/// Empty when every slot is full, else which is not, and by how much.
std::string incomplete(const WeightSlots& slots);

}  // namespace vit
