#include "weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

namespace vit {
namespace {

PackedMatrix take_matrix(Arena& arena, int inputs, int outputs) {
  return take_linear(arena, inputs, outputs, false).fp32;
}

LayerNormWeights take_layer_norm(Arena& arena, int width) {
  float* weight = arena.take<float>(static_cast<size_t>(width));
  return {weight, arena.take<float>(static_cast<size_t>(width))};
}

struct SlotTable {
  WeightSlots slots;
  PartialRow row;

  void add(WeightSlot slot) { slots.push_back(std::move(slot)); }

  void plain(std::string name, std::vector<int> shape, float* to, float scale = 1) {
    add({.name = std::move(name), .shape = std::move(shape), .plain = to, .scale = scale});
  }
  void matrix(std::string name, std::vector<int> shape, const PackedMatrix& to, float scale = 1) {
    add({.name = std::move(name), .shape = std::move(shape), .packed = to, .scale = scale});
  }
  void quantised(const std::string& name, const QuantisedMatrix& to, float scale) {
    add({.name = name, .shape = {to.outputs, to.inputs}, .quantised = to, .row = row, .scale = scale});
    const int weights = static_cast<int>(slots.size()) - 1;
    add({.name = name + "_spread_scale",
         .shape = {to.outputs},
         .plain = to.scales,
         .scale = scale,
         .scales_of = weights});
  }
  void linear(const std::string& name, const PackedMatrix& to, bool has_bias = true, float scale = 1) {
    matrix(name + ".weight", {to.outputs, to.inputs}, to, scale);
    if (has_bias) plain(name + ".bias", {to.outputs}, to.bias, scale);
  }
  void linear(const std::string& name, const Linear& to, bool has_bias, float scale = 1) {
    if (!to.quantised()) return linear(name, to.fp32, has_bias, scale);
    quantised(name + ".weight", to.int8, scale);
    if (has_bias) plain(name + ".bias", {to.int8.outputs}, to.int8.bias, scale);
  }
  void layer_norm(const std::string& name, const LayerNormWeights& to, int width, float scale = 1) {
    plain(name + ".weight", {width}, to.weight, scale);
    plain(name + ".bias", {width}, to.bias, scale);
  }
  void encoder_block(const std::string& name, const EncoderBlockWeights& to, const Config& c) {
    // Attention divides q·k by √d; done once here it costs nothing per image.
    const float scale = 1 / std::sqrt(static_cast<float>(head_size(c)));
    layer_norm(name + ".norm1", to.norm1, c.hidden);
    linear(name + ".attn.q", to.q, c.qkv_bias, c.qk_norm ? 1 : scale);
    linear(name + ".attn.k", to.k, c.qkv_bias);
    linear(name + ".attn.v", to.v, c.qkv_bias);
    if (c.qk_norm) {
      layer_norm(name + ".attn.q_norm", to.q_norm, head_size(c), scale);
      layer_norm(name + ".attn.k_norm", to.k_norm, head_size(c));
    }
    linear(name + ".attn.proj", to.proj, c.projection_bias);
    layer_norm(name + ".norm2", to.norm2, c.hidden);
    linear(name + (c.gated_mlp ? ".mlp.fc1_x" : ".mlp.fc1"), to.fc1, c.projection_bias);
    if (c.gated_mlp) linear(name + ".mlp.fc1_g", to.fc1_gate, c.projection_bias);
    linear(name + ".mlp.fc2", to.fc2, c.projection_bias);
    if (c.layer_scale) {
      plain(name + ".ls1.gamma", {c.hidden}, to.ls1);
      plain(name + ".ls2.gamma", {c.hidden}, to.ls2);
    }
  }
};

std::optional<DataType> parse_data_type(std::string_view dtype) {
  const struct {
    std::string_view name;
    DataType type;
  } types[] = {
      {"F32", DataType::f32}, {"F16", DataType::f16}, {"BF16", DataType::bf16}, {"F64", DataType::f64}};
  for (const auto& [name, type] : types) {
    if (name == dtype) return type;
  }
  return std::nullopt;
}

std::string in_brackets(std::span<const int> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// The shape from its first axis on that is not 1.
std::span<const int> without_ones(std::span<const int> shape) {
  const auto first = std::ranges::find_if(shape, [](int size) { return size != 1; });
  return {first, shape.end()};
}

uint64_t elements(const WeightSlot& slot) {
  uint64_t count = 1;
  for (int size : slot.shape) count *= static_cast<uint64_t>(size);
  return count;
}

void quantise_row(const WeightSlot& slot, int output, float* weights) {
  const float scale = quantise_weights(slot.row.codes, weights, slot.quantised.inputs);
  slot.quantised.scales[output] = scale * slot.scale;
  pack_quantised(slot.quantised, output, slot.row.codes);
}

// Gathers rows in the slot's partial row; `finish` takes each that is whole, with its output.
template <typename T, typename Finish>
void gather_rows(const WeightSlot& slot, T* row, const T* values, int count, Finish finish) {
  const uint64_t inputs = static_cast<uint64_t>(slot.quantised.inputs);
  int output = static_cast<int>(slot.received / inputs);
  int input = static_cast<int>(slot.received % inputs);
  while (count > 0) {
    const int part = std::min(count, slot.quantised.inputs - input);
    std::copy_n(values, part, row + input);
    values += part;
    count -= part;
    input += part;
    if (input < slot.quantised.inputs) return;
    finish(output++);
    input = 0;
  }
}

// Returns whether all rows that became whole are such as the product can take.
bool place_quantised(const WeightSlot& slot, const uint8_t* bytes, int count) {
  bool fit = true;
  gather_rows(slot, slot.row.codes, reinterpret_cast<const int8_t*>(bytes), count, [&](int output) {
    fit = fit && fit_the_product(slot.row.codes, slot.quantised.inputs);
    pack_quantised(slot.quantised, output, slot.row.codes);
  });
  return fit;
}

void place_to_quantise(WeightSlot& slot, ElementOrder order, const Run& run, const float* values) {
  if (order.empty()) {
    return gather_rows(slot, slot.row.values, values, run.length,
                       [&](int output) { quantise_row(slot, output, slot.row.values); });
  }
  slot.gathered.resize(static_cast<size_t>(elements(slot)));
  for (int i = 0; i < run.length; i++) {
    slot.gathered[static_cast<size_t>(run.first + static_cast<uint64_t>(i) * run.stride)] = values[i];
  }
  if (slot.received + static_cast<uint64_t>(run.length) < elements(slot)) return;
  float* row = slot.gathered.data();
  for (int output = 0; output < slot.quantised.outputs; output++, row += slot.quantised.inputs) {
    quantise_row(slot, output, row);
  }
  slot.gathered = {};
}

// Values that follow each other in a row-major matrix. An output has one column of its panel, so a row of the
// matrix goes there in equal steps.
void place_rows(const WeightSlot& slot, uint64_t first, const float* values, int count) {
  const int inputs = slot.packed.inputs;
  int output = static_cast<int>(first / static_cast<uint64_t>(inputs));
  int input = static_cast<int>(first % static_cast<uint64_t>(inputs));
  while (count > 0) {
    const int part = std::min(count, inputs - input);
    float* column = slot.packed.panels + packed_index(inputs, output, input);
    for (int i = 0; i < part; i++) column[i * kPanelColumns] = values[i] * slot.scale;
    values += part;
    count -= part;
    output++;
    input = 0;
  }
}

// The values of one run.
void place(const WeightSlot& slot, const Run& run, const float* values) {
  if (slot.plain) {
    float* to = slot.plain + run.first;
    for (int i = 0; i < run.length; i++) to[static_cast<size_t>(i) * run.stride] = values[i] * slot.scale;
    return;
  }
  if (run.stride == 1) return place_rows(slot, run.first, values, run.length);
  const uint64_t inputs = static_cast<uint64_t>(slot.packed.inputs);
  // Row-major, a step is so many outputs and so many inputs on.
  const int output_step = static_cast<int>(run.stride / inputs);
  const int input_step = static_cast<int>(run.stride % inputs);
  int output = static_cast<int>(run.first / inputs);
  int input = static_cast<int>(run.first % inputs);
  for (int i = 0; i < run.length; i++) {
    slot.packed.panels[packed_index(slot.packed.inputs, output, input)] = values[i] * slot.scale;
    output += output_step;
    input += input_step;
    if (input >= slot.packed.inputs) {
      input -= slot.packed.inputs;
      output++;
    }
  }
}

bool all_finite(const float* values, int count) {
  constexpr uint32_t kInfinity = 0x7f800000;
  uint32_t any = 0;
  for (int i = 0; i < count; i++) any |= (std::bit_cast<uint32_t>(values[i]) & kInfinity) == kInfinity;
  return !any;
}

std::string receive_quantised(WeightSlot& slot, ElementOrder order, const uint8_t* bytes, int count) {
  if (!order.empty()) return "is quantised, and would have to come row by row";
  if (count < 0 || slot.received + static_cast<uint64_t>(count) > elements(slot)) return "has too many bytes";
  slot.announced = slot.announced_quantised = true;
  if (!place_quantised(slot, bytes, count)) {
    return "is quantised in another way than this library's: convert the original weights again";
  }
  slot.received += static_cast<uint64_t>(count);
  return "";
}

// Whether another slot has begun a row and not ended it: they share the place where rows are gathered.
bool splits_a_row(const WeightSlots& slots, const WeightSlot& next) {
  return next.row.values && std::ranges::any_of(slots, [&next](const WeightSlot& slot) {
           return &slot != &next && slot.row.values && slot.gathered.empty() &&
                  slot.received % static_cast<uint64_t>(slot.quantised.inputs) != 0;
         });
}

// Scales come only along with weights that are quantised already.
bool is_expected(const WeightSlots& slots, const WeightSlot& slot) {
  return slot.scales_of < 0 || slots[static_cast<size_t>(slot.scales_of)].announced_quantised;
}

}  // namespace

Weights lay_out_weights(Arena& arena, const Config& c) {
  const auto take_layer = [&arena, &c](int inputs, int outputs) {
    return take_linear(arena, inputs, outputs, c.int8);
  };
  const auto vectors = [&arena, &c](int count) {
    return arena.take<float>(static_cast<size_t>(count) * static_cast<size_t>(c.hidden));
  };
  Weights w{};
  w.patch_embed = take_matrix(arena, patch_values(c), c.hidden);
  w.prefix_tokens = vectors(prefix_count(c));
  w.pos_embed = vectors(c.positioned_prefix + patch_count(c));
  w.given_pos_embed = resamples_positions(c)
                          ? vectors(c.positioned_prefix + c.position_rows * c.position_columns)
                          : w.pos_embed;
  if (c.pre_norm) w.norm_pre = take_layer_norm(arena, c.hidden);
  for (int layer = 0; layer < c.layers; layer++) {
    EncoderBlockWeights block{};
    block.norm1 = take_layer_norm(arena, c.hidden);
    block.q = take_layer(c.hidden, c.hidden);
    block.k = take_layer(c.hidden, c.hidden);
    block.v = take_layer(c.hidden, c.hidden);
    if (c.qk_norm) {
      block.q_norm = take_layer_norm(arena, head_size(c));
      block.k_norm = take_layer_norm(arena, head_size(c));
    }
    block.proj = take_layer(c.hidden, c.hidden);
    block.norm2 = take_layer_norm(arena, c.hidden);
    block.fc1 = take_layer(c.hidden, c.mlp_hidden);
    if (c.gated_mlp) block.fc1_gate = take_layer(c.hidden, c.mlp_hidden);
    block.fc2 = take_layer(c.mlp_hidden, c.hidden);
    if (c.layer_scale) {
      block.ls1 = vectors(1);
      block.ls2 = vectors(1);
    }
    w.blocks.push_back(block);
  }
  if (c.int8) {
    const size_t inputs = static_cast<size_t>(std::max(c.hidden, c.mlp_hidden));
    w.partial_row.values = arena.take<float>(inputs);
    w.partial_row.codes = arena.take<int8_t>(inputs);
  }
  if (c.final_norm) w.norm = take_layer_norm(arena, c.hidden);
  if (c.pooled_norm) w.fc_norm = take_layer_norm(arena, c.hidden);
  if (c.classes == 0) return w;
  if (c.pre_logits) w.pre_logits = take_matrix(arena, pooled_width(c), c.pre_logits);
  w.head = take_matrix(arena, c.pre_logits ? c.pre_logits : pooled_width(c), c.classes);
  if (c.pooling == Pooling::class_and_distillation) w.head_dist = take_matrix(arena, c.hidden, c.classes);
  return w;
}

WeightSlots weight_slots(const Weights& w, const Config& c) {
  SlotTable table{.slots = {}, .row = w.partial_row};
  float* prefix = w.prefix_tokens;
  const auto prefix_tokens = [&](const char* name, int count) {
    if (count > 0) table.plain(name, {1, count, c.hidden}, prefix);
    if (prefix) prefix += count * c.hidden;  // null while measuring
  };
  prefix_tokens("cls_token", c.class_token);
  prefix_tokens("dist_token", c.distillation_token);
  prefix_tokens("reg_token", c.registers);
  const int positions = c.positioned_prefix + c.position_rows * c.position_columns;
  table.plain("pos_embed", {1, positions, c.hidden}, w.given_pos_embed);
  table.matrix("patch_embed.proj.weight", {c.hidden, kChannels, c.patch_height, c.patch_width},
               w.patch_embed);
  if (c.patch_bias) table.plain("patch_embed.proj.bias", {c.hidden}, w.patch_embed.bias);
  if (c.pre_norm) table.layer_norm("norm_pre", w.norm_pre, c.hidden);
  for (int layer = 0; layer < c.layers; layer++) {
    table.encoder_block("blocks." + std::to_string(layer), w.blocks[static_cast<size_t>(layer)], c);
  }
  if (c.final_norm) table.layer_norm("norm", w.norm, c.hidden);
  if (c.pooled_norm) table.layer_norm("fc_norm", w.fc_norm, c.hidden);
  if (c.classes == 0) return std::move(table.slots);
  if (c.pre_logits) table.linear("pre_logits", w.pre_logits);
  const bool two_heads = c.pooling == Pooling::class_and_distillation;
  table.linear("head", w.head, true, two_heads ? 0.5f : 1);
  if (two_heads) table.linear("head_dist", w.head_dist, true, 0.5f);
  return std::move(table.slots);
}

void point(WeightSlots& slots, WeightSlots placed) {
  for (size_t i = 0; i < slots.size(); i++) {
    placed[i].announced = slots[i].announced;
    placed[i].announced_quantised = slots[i].announced_quantised;
  }
  slots = std::move(placed);
}

std::string receive(WeightSlots& slots, std::string_view name, std::string_view dtype,
                    std::span<const int> shape, ElementOrder order, const uint8_t* chunk, int bytes) {
  const auto slot = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.name == name; });
  if (slot == slots.end()) return "is not a tensor of this model";
  if (!std::ranges::equal(without_ones(slot->shape), without_ones(shape))) {
    return "has shape " + in_brackets(shape) + ", but the configuration asks for " + in_brackets(slot->shape);
  }
  if (!fits(order, elements(*slot))) return "comes in an order that does not fit its shape";
  if (dtype == "I8" && slot->quantised.inputs > 0) return receive_quantised(*slot, order, chunk, bytes);
  const std::optional<DataType> type = parse_data_type(dtype);
  if (!type) return "has dtype " + std::string(dtype) + "; F32, F16, BF16 and F64 are understood";
  const int size = element_bytes(*type);
  if (bytes < 0 || bytes % size) return "came in a chunk that splits an element";
  if (slot->received + static_cast<uint64_t>(bytes / size) > elements(*slot)) return "has too many bytes";

  if (bytes > 0 && splits_a_row(slots, *slot)) return "came before a row of the tensor before was whole";

  slot->announced = true;
  constexpr int kBatch = 1024;
  float values[kBatch];
  for (int remaining = bytes / size; remaining > 0;) {
    const int count = std::min(remaining, kBatch);
    to_floats(values, chunk, *type, count);
    if (!all_finite(values, count)) return "has a value that is infinite or not a number";
    for (int placed = 0; placed < count;) {
      const Run run = run_from(order, slot->received, count - placed);
      if (slot->quantised.inputs > 0) {
        place_to_quantise(*slot, order, run, values + placed);
      } else {
        place(*slot, run, values + placed);
      }
      placed += run.length;
      slot->received += static_cast<uint64_t>(run.length);
    }
    chunk += static_cast<size_t>(count) * static_cast<size_t>(size);
    remaining -= count;
  }
  return "";
}

std::string missing(const WeightSlots& slots) {
  std::string names;
  for (const WeightSlot& slot : slots) {
    if (!slot.announced && is_expected(slots, slot)) names += (names.empty() ? "" : "\n") + slot.name;
  }
  return names;
}

std::string incomplete(const WeightSlots& slots) {
  for (const WeightSlot& slot : slots) {
    if (!is_expected(slots, slot)) {
      if (slot.announced) return slot.name + " came with weights that are not I8";
      continue;
    }
    if (slot.received < elements(slot)) {
      return slot.name + " has " + std::to_string(slot.received) + " of its " +
             std::to_string(elements(slot)) + " values";
    }
  }
  return "";
}

void settle(Weights& w, const Config& c) {
  if (resamples_positions(c)) {
    const int prefix = c.positioned_prefix * c.hidden;
    std::copy_n(w.given_pos_embed, prefix, w.pos_embed);
    resample_grid(w.pos_embed + prefix, grid_rows(c), grid_columns(c), w.given_pos_embed + prefix,
                  c.position_rows, c.position_columns, c.hidden, c.position_resampling);
  }
  if (!c.layer_scale) return;
  for (EncoderBlockWeights& block : w.blocks) {
    scale_outputs(block.proj, block.ls1);
    scale_outputs(block.fc2, block.ls2);
    std::fill_n(block.ls1, c.hidden, 1.0f);
    std::fill_n(block.ls2, c.hidden, 1.0f);
  }
}

}  // namespace vit
