#include <bit>
#include <cmath>
#include <utility>

#include "slot_list.h"

namespace vit {
namespace {

void list_attention_pool(SlotList& list, const AttentionPoolWeights& w, const Config& c) {
  list.plain("attn_pool.latent", {1, 1, c.hidden}, w.latent);
  list.linear("attn_pool.q", w.q);
  list.plain("attn_pool.k.weight", {c.hidden, c.hidden}, w.k);
  list.plain("attn_pool.k.bias", {c.hidden}, w.k_bias);
  list.linear("attn_pool.v", w.v);
  list.linear("attn_pool.proj", w.proj);
  list.layer_norm("attn_pool.norm", w.norm, c.hidden);
  list.linear("attn_pool.mlp.fc1", w.fc1, true);
  list.linear("attn_pool.mlp.fc2", w.fc2, true);
}

void list_score_bias(SlotList& list, const std::string& name, const ScoreBias& w, const Config& c) {
  if (c.distance_width) return list.distance_network(name, w.network, c);
  list.plain(name + "relative_position_bias_table", {bias_rows(c), c.heads}, w.given);
}

// Scales are expected only with weights that arrive quantized.
bool is_expected(const WeightSlots& table, const WeightSlot& slot) {
  if (slot.scales_of < 0) return true;
  const WeightSlot& weights = table.slots[slot.scales_of];
  return weights.announced && weights.announced->codes;
}

// Where in `by_hash` a name is, or would be put (open addressing, linear probing).
size_t place_of(const WeightSlots& table, std::string_view name) {
  uint32_t hash = 0x811c9dc5;  // FNV-1a
  for (char letter : name) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x01000193;
  const size_t mask = table.by_hash.size() - 1;
  size_t place = hash & mask;
  while (table.by_hash[place] >= 0 && table.slots[table.by_hash[place]].name != name) {
    place = (place + 1) & mask;
  }
  return place;
}

}  // namespace

void list_input(SlotList& list, const InputWeights& w, const Config& c) {
  float* prefix = w.prefix_tokens;
  const auto prefix_tokens = [&](const char* name, int count) {
    if (count > 0) list.plain(name, {1, count, c.hidden}, prefix);
    if (prefix) prefix += count * c.hidden;  // null while measuring
  };
  prefix_tokens("cls_token", c.class_token);
  prefix_tokens("dist_token", c.distillation_token);
  prefix_tokens("reg_token", c.registers);
  const int positions = c.positioned_prefix + c.position_rows * c.position_columns;
  if (c.learned_positions) list.plain("pos_embed", {1, positions, c.hidden}, w.given_pos_embed);
  if (!c.text) {
    list.matrix("patch_embed.proj.weight", {c.hidden, kChannels, c.patch_height, c.patch_width},
                w.patch_embed);
    if (c.patch_bias) list.plain("patch_embed.proj.bias", {c.hidden}, w.patch_embed.bias);
  }
  if (c.pre_norm || c.patch_norm) list.layer_norm("norm_pre", w.norm_pre, c.hidden);
}

void list_encoder_block(SlotList& list, const std::string& name, const EncoderBlockWeights& w,
                        const Config& c) {
  // Attention divides q·k by √d; done once here it costs nothing per image.
  const float scale = 1 / std::sqrt(static_cast<float>(head_size(c)));
  list.layer_norm(name + ".norm1", w.norm1, c.hidden);
  list.linear(name + ".attn.q", w.q, c.qkv_bias, c.qk_norm || c.windows.cosine ? 1 : scale);
  list.linear(name + ".attn.k", w.k, c.qkv_bias && c.key_bias);
  list.linear(name + ".attn.v", w.v, c.qkv_bias);
  if (c.qk_norm) {
    list.layer_norm(name + ".attn.q_norm", w.q_norm, head_size(c), scale);
    list.layer_norm(name + ".attn.k_norm", w.k_norm, head_size(c));
  }
  if (c.relative_positions == RelativePositions::per_block) {
    list_score_bias(list, name + ".attn.", w.score_bias, c);
  }
  if (c.attention_norm) list.layer_norm(name + ".attn.norm", w.attn_norm, c.hidden);
  list.linear(name + ".attn.proj", w.proj, c.projection_bias);
  const bool parallel = c.block_order == BlockOrder::parallel;
  if (!parallel) list.layer_norm(name + ".norm2", w.norm2, c.hidden);
  list.linear(name + (c.gated_mlp ? ".mlp.fc1_x" : ".mlp.fc1"), w.fc1, c.projection_bias);
  if (c.gated_mlp) list.linear(name + ".mlp.fc1_g", w.fc1_gate, c.projection_bias);
  if (c.mlp_norm) list.layer_norm(name + ".mlp.norm", w.mlp_norm, c.mlp_hidden);
  list.linear(name + ".mlp.fc2", w.fc2, c.projection_bias);
  if (c.layer_scale) {
    list.plain(name + ".ls1.gamma", {c.hidden}, w.ls1);
    if (!parallel) list.plain(name + ".ls2.gamma", {c.hidden}, w.ls2);
  }
}

void list_head(SlotList& list, const HeadWeights& w, const Config& c) {
  if (c.final_norm) list.layer_norm("norm", w.norm, c.hidden);
  if (c.pooling == Pooling::attention) list_attention_pool(list, w.attn_pool, c);
  if (c.pooled_norm) list.layer_norm("fc_norm", w.fc_norm, c.hidden);
  if (c.joint_width) list.linear("joint_proj", w.joint_proj, c.joint_bias);
  if (c.classes == 0) return;
  if (c.pre_logits) list.linear("pre_logits", w.pre_logits);
  const bool two_heads = c.pooling == Pooling::class_and_distillation;
  list.linear("head", w.linear, true, two_heads ? 0.5f : 1);
  if (two_heads) list.linear("head_dist", w.linear_dist, true, 0.5f);
}

WeightSlots weight_slots(const Weights& w, const Config& c) {
  SlotList list{.norm_biases = !c.rms_norm};
  list_input(list, w.input, c);
  const std::vector<EncoderBlockWeights>& blocks = w.encoder.blocks;
  if (c.relative_positions == RelativePositions::shared) {
    list_score_bias(list, "", blocks.front().score_bias, c);
  }
  if (c.rotary.learned) {
    list.plain("rope.freqs", {2, c.layers, c.heads, head_size(c) / 2}, w.encoder.rotary_frequencies);
  }
  for (int layer = 0; layer < c.layers; layer++) {
    list_encoder_block(list, "blocks." + std::to_string(layer), blocks[layer], c);
  }
  list_head(list, w.head, c);
  return table_of(std::move(list), w.partial_row);
}

WeightSlots table_of(SlotList list, const PartialRow& row) {
  WeightSlots table{.slots = std::move(list.slots), .by_hash = {}, .row = row};
  // At most half full, so that searches are short.
  table.by_hash.assign(std::bit_ceil(2 * table.slots.size()), -1);
  for (size_t i = 0; i < table.slots.size(); i++) {
    table.by_hash[place_of(table, table.slots[i].name)] = static_cast<int>(i);
  }
  return table;
}

void point(WeightSlots& table, WeightSlots placed) {
  for (size_t i = 0; i < table.slots.size(); i++) {
    placed.slots[i].announced = std::move(table.slots[i].announced);
  }
  table = std::move(placed);
}

int find(const WeightSlots& table, std::string_view name) { return table.by_hash[place_of(table, name)]; }

uint64_t element_count(const WeightSlot& slot) {
  uint64_t count = 1;
  for (int size : slot.shape) count *= static_cast<uint64_t>(size);
  return count;
}

std::string missing(const WeightSlots& table) {
  std::string names;
  for (const WeightSlot& slot : table.slots) {
    if (!slot.announced && is_expected(table, slot)) names += (names.empty() ? "" : "\n") + slot.name;
  }
  return names;
}

std::string incomplete(const WeightSlots& table) {
  for (const WeightSlot& slot : table.slots) {
    if (!is_expected(table, slot)) {
      if (slot.announced) return slot.name + " has scales for weights that are not quantized";
      continue;
    }
    if (slot.received < element_count(slot)) {
      return slot.name + " has " + std::to_string(slot.received) + " of its " +
             std::to_string(element_count(slot)) + " values";
    }
  }
  return "";
}

}  // namespace vit
