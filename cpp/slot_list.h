// The parts of tables of slots (weight_slots.h) that a plain ViT and a Swin Transformer have in common.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weight_slots.h"
#include "weights.h"

namespace vit {

struct SlotList {
  bool norm_biases = true;
  std::vector<WeightSlot> slots = {};

  void add(WeightSlot slot) { slots.push_back(std::move(slot)); }

  void plain(std::string name, std::vector<int> shape, float* to, float scale = 1) {
    add({.name = std::move(name), .shape = std::move(shape), .plain = to, .scale = scale});
  }
  void matrix(std::string name, std::vector<int> shape, const PackedMatrix& to, float scale = 1) {
    add({.name = std::move(name), .shape = std::move(shape), .packed = to, .scale = scale});
  }
  void quantized(const std::string& name, const QuantizedMatrix& to, float scale) {
    add({.name = name, .shape = {to.outputs, to.inputs}, .quantized = to, .scale = scale});
    const int weights = static_cast<int>(slots.size()) - 1;
    add({.name = name + kScaleSuffix,
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
    if (!to.quantized()) return linear(name, to.fp32, has_bias, scale);
    quantized(name + ".weight", to.int8, scale);
    if (has_bias) plain(name + ".bias", {to.int8.outputs}, to.int8.bias, scale);
  }
  void layer_norm(const std::string& name, const LayerNormWeights& to, int width, float scale = 1) {
    plain(name + ".weight", {width}, to.weight, scale);
    if (norm_biases) plain(name + ".bias", {width}, to.bias, scale);
  }
  void distance_network(const std::string& name, const DistanceNetwork& to, const Config& c) {
    linear(name + "cpb_mlp.0", to.first);
    linear(name + "cpb_mlp.2", to.second, !c.windows.cosine);
  }
};

/// Prefix tokens, position and patch embeddings, and the norm before the blocks.
void list_input(SlotList& list, const InputWeights& weights, const Config& config);

/// An encoder block whose slots begin with `name`.
void list_encoder_block(SlotList& list, const std::string& name, const EncoderBlockWeights& weights,
                        const Config& config);

/// All that follows the blocks.
void list_head(SlotList& list, const HeadWeights& weights, const Config& config);

/// The table of these slots.
WeightSlots table_of(SlotList list, const PartialRow& row);

}  // namespace vit
