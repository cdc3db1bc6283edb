#include "weights.h"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

float* take_vector(Arena& arena, const Config& c) { return arena.take<float>(c.hidden); }

AttentionPoolWeights take_attention_pool(Arena& arena, const Config& c) {
  AttentionPoolWeights w{};
  w.latent = arena.take<float>(c.hidden);
  w.q = take_matrix(arena, c.hidden, c.hidden);
  w.k = arena.take<float>(area(c.hidden, c.hidden));
  w.k_bias = arena.take<float>(c.hidden);
  w.scores = take_matrix(arena, c.hidden, c.heads);
  w.v = take_matrix(arena, c.hidden, c.hidden);
  w.proj = take_matrix(arena, c.hidden, c.hidden);
  w.norm = take_layer_norm(arena, c, c.hidden);
  w.fc1 = take_linear(arena, c.hidden, c.mlp_hidden, c.int8);
  w.fc2 = take_linear(arena, c.mlp_hidden, c.hidden, c.int8);
  return w;
}

// The score of token x in head h is q_h·(K_h·x + bias)/√d. The query is the same for every image, so
// q_h·K_h/√d is a row of a matrix of its own; q_h·bias is the same for all tokens, and softmax takes no
// notice of it.
void fold_query_into_keys(AttentionPoolWeights& w, const Config& c) {
  const int d = head_size(c);
  std::vector<float> query(c.hidden);
  gemm(query.data(), c.hidden, w.latent, c.hidden, 1, w.q);
  std::vector<float> row(c.hidden);
  for (int head = 0; head < c.heads; head++) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (int i = head * d; i < (head + 1) * d; i++) {
      const float factor = query[i] / std::sqrt(static_cast<float>(d));
      const float* key = w.k + area(i, c.hidden);
      for (int j = 0; j < c.hidden; j++) row[j] += factor * key[j];
    }
    pack_outputs(w.scores, head, row.data(), c.hidden, 1);
  }
}

EncoderWeights take_encoder(Arena& arena, const Config& c) {
  EncoderWeights w{};
  RotaryTable shared_rotary{};
  if (c.rotary.learned) {
    w.rotary_frequencies = arena.take<float>(2 * c.layers * area(c.heads, head_size(c) / 2));
  } else {
    shared_rotary = lay_out_rotary(arena, c);
  }
  ScoreBias shared_bias{};
  if (c.relative_positions == RelativePositions::shared) shared_bias = lay_out_score_bias(arena, c);
  if (c.relative_positions != RelativePositions::none) {
    w.bias_scratch = arena.take<float>(std::max(4 * area(patch_count(c), c.heads), distance_scratch(c)));
  }
  for (int layer = 0; layer < c.layers; layer++) {
    EncoderBlockWeights block = take_encoder_block(arena, c);
    block.rotary = c.rotary.learned ? lay_out_rotary(arena, c) : shared_rotary;
    if (c.relative_positions == RelativePositions::shared) block.score_bias = shared_bias;
    w.blocks.push_back(block);
  }
  return w;
}

// The tables of rotations: one, or one for each block.
void settle_rotary(EncoderWeights& w, const Config& c) {
  if (!c.rotary.learned) return fill_rotary(w.blocks.front().rotary, {}, c);
  const size_t of_block = area(c.heads, head_size(c) / 2), of_axis = c.layers * of_block;
  const float* x = w.rotary_frequencies;
  for (EncoderBlockWeights& block : w.blocks) {
    fill_rotary(block.rotary, {x, x + of_axis}, c);
    x += of_block;
  }
}

void settle_score_biases(EncoderWeights& w, const Config& c) {
  const bool shared = c.relative_positions == RelativePositions::shared;
  for (int i = 0; i < (shared ? 1 : c.layers); i++) {
    ScoreBias& bias = w.blocks[i].score_bias;
    if (c.distance_width) compute_distance_bias(bias.given, w.bias_scratch, bias.network, c);
    settle_score_bias(bias, w.bias_scratch, c);
  }
}

void settle_encoder(EncoderWeights& w, const Config& c) {
  if (has_rotary(c)) settle_rotary(w, c);
  if (c.relative_positions != RelativePositions::none) settle_score_biases(w, c);
  for (EncoderBlockWeights& block : w.blocks) {
    if (!c.layer_scale) continue;
    scale_outputs(block.proj, block.ls1);
    scale_outputs(block.fc2, block.ls2);
    std::fill_n(block.ls1, c.hidden, 1.0f);
    std::fill_n(block.ls2, c.hidden, 1.0f);
  }
}

}  // namespace

LayerNormWeights take_layer_norm(Arena& arena, const Config& c, int width) {
  float* weight = arena.take<float>(width);
  return {weight, c.rms_norm ? nullptr : arena.take<float>(width)};
}

EncoderBlockWeights take_encoder_block(Arena& arena, const Config& c) {
  const auto take_layer = [&arena, &c](int inputs, int outputs) {
    return take_linear(arena, inputs, outputs, c.int8);
  };
  EncoderBlockWeights block{};
  block.norm1 = take_layer_norm(arena, c, c.hidden);
  block.q = take_layer(c.hidden, c.hidden);
  block.k = take_layer(c.hidden, c.hidden);
  block.v = take_layer(c.hidden, c.hidden);
  if (c.qk_norm) {
    block.q_norm = take_layer_norm(arena, c, head_size(c));
    block.k_norm = take_layer_norm(arena, c, head_size(c));
  }
  if (c.relative_positions == RelativePositions::per_block) block.score_bias = lay_out_score_bias(arena, c);
  if (c.attention_norm) block.attn_norm = take_layer_norm(arena, c, c.hidden);
  block.proj = take_layer(c.hidden, c.hidden);
  if (c.block_order != BlockOrder::parallel) block.norm2 = take_layer_norm(arena, c, c.hidden);
  block.fc1 = take_layer(c.hidden, c.mlp_hidden);
  if (c.gated_mlp) block.fc1_gate = take_layer(c.hidden, c.mlp_hidden);
  if (c.mlp_norm) block.mlp_norm = take_layer_norm(arena, c, c.mlp_hidden);
  block.fc2 = take_layer(c.mlp_hidden, c.hidden);
  if (c.layer_scale) {
    block.ls1 = take_vector(arena, c);
    block.ls2 = c.block_order == BlockOrder::parallel ? block.ls1 : take_vector(arena, c);
  }
  return block;
}

InputWeights take_input(Arena& arena, const Config& c) {
  const auto vectors = [&arena, &c](int count) { return arena.take<float>(area(count, c.hidden)); };
  InputWeights w{};
  if (!c.text) w.patch_embed = take_matrix(arena, patch_values(c), c.hidden);
  w.prefix_tokens = vectors(prefix_count(c));
  if (c.learned_positions) w.pos_embed = vectors(c.positioned_prefix + patch_count(c));
  w.given_pos_embed = resamples_positions(c)
                          ? vectors(c.positioned_prefix + c.position_rows * c.position_columns)
                          : w.pos_embed;
  if (c.pre_norm || c.patch_norm) w.norm_pre = take_layer_norm(arena, c, c.hidden);
  return w;
}

HeadWeights take_head(Arena& arena, const Config& c) {
  HeadWeights w{};
  if (c.final_norm) w.norm = take_layer_norm(arena, c, c.hidden);
  if (c.pooling == Pooling::attention) w.attn_pool = take_attention_pool(arena, pool_config(c));
  if (c.pooled_norm) w.fc_norm = take_layer_norm(arena, c, c.hidden);
  if (c.joint_width) w.joint_proj = take_matrix(arena, c.hidden, c.joint_width);
  if (c.classes == 0) return w;
  if (c.pre_logits) w.pre_logits = take_matrix(arena, pooled_width(c), c.pre_logits);
  w.linear = take_matrix(arena, c.pre_logits ? c.pre_logits : pooled_width(c), c.classes);
  if (c.pooling == Pooling::class_and_distillation) w.linear_dist = take_matrix(arena, c.hidden, c.classes);
  return w;
}

PartialRow take_partial_row(Arena& arena, const Config& c, int inputs) {
  const int count = c.int8 ? inputs : 0;
  float* values = arena.take<float>(count);
  return {values, arena.take<int8_t>(count)};
}

Weights lay_out_weights(Arena& arena, const Config& c) {
  Weights w{};
  w.input = take_input(arena, c);
  w.encoder = take_encoder(arena, c);
  w.head = take_head(arena, c);
  w.partial_row = take_partial_row(arena, c, std::max(c.hidden, c.mlp_hidden));
  return w;
}

void settle_input(InputWeights& w, const Config& c) {
  if (!resamples_positions(c)) return;
  const int prefix = c.positioned_prefix * c.hidden;
  std::copy_n(w.given_pos_embed, prefix, w.pos_embed);
  resample_grid(w.pos_embed + prefix, grid_rows(c), grid_columns(c), w.given_pos_embed + prefix,
                c.position_rows, c.position_columns, c.hidden, c.position_resampling);
}

void settle(Weights& w, const Config& c) {
  settle_input(w.input, c);
  settle_encoder(w.encoder, c);
  if (c.pooling == Pooling::attention) fold_query_into_keys(w.head.attn_pool, pool_config(c));
}

}  // namespace vit
