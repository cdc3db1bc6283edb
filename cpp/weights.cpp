#include "weights.h"

#include <algorithm>

namespace vit {
namespace {

PackedMatrix take_matrix(Arena& arena, int inputs, int outputs) {
  return take_linear(arena, inputs, outputs, false).fp32;
}

LayerNormWeights take_layer_norm(Arena& arena, int width) {
  float* weight = arena.take<float>(static_cast<size_t>(width));
  return {weight, arena.take<float>(static_cast<size_t>(width))};
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
