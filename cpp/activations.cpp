#include "activations.h"

#include <algorithm>

#include "threads.h"

namespace vit {
namespace {

size_t key_values(const Config& c) { return area(head_size(c), packed_columns(token_count(c))); }

size_t value_values(const Config& c) { return area(token_count(c), packed_columns(head_size(c))); }

size_t score_values(const Config& c) { return area(kAttentionRows, packed_columns(token_count(c))); }

size_t int16_row(const Config& c) {
  return static_cast<size_t>(int16_row_values(std::max(token_count(c), head_size(c))));
}

}  // namespace

PackedMatrix keys_of(Activations& a, const Config& c, int head) {
  return {a.keys + head * key_values(c), a.no_bias, head_size(c), token_count(c)};
}

PackedMatrix values_of(Activations& a, const Config& c, int head) {
  return {a.values + head * value_values(c), a.no_bias, token_count(c), head_size(c)};
}

Int16Matrix int16_keys_of(Activations& a, const Config& c, int head) {
  const int tokens = token_count(c), size = head_size(c);
  return {a.int16_keys + head * int16_panel_values(size, tokens),
          a.key_scales + head * packed_columns(tokens), size, tokens};
}

Int16Matrix int16_values_of(Activations& a, const Config& c, int head) {
  const int tokens = token_count(c), size = head_size(c);
  return {a.int16_values + head * int16_panel_values(tokens, size),
          a.value_scales + head * packed_columns(size), tokens, size};
}

LinearInput linear_input(Activations& a, const Config& c, float* values, int rows, int width) {
  if (c.int8) quantize_rows(a.quantized, values, rows, width);
  return {values, width, a.quantized};
}

float* scores_of_this_thread(Activations& a, const Config& c) {
  return a.scores + this_thread() * score_values(c);
}

Int16Rows int16_rows_of_this_thread(Activations& a, const Config& c) {
  const size_t first = static_cast<size_t>(this_thread()) * kAttentionRows;
  return {a.int16_rows.values + first * int16_row(c), a.int16_rows.scales + first};
}

Activations lay_out_activations(Arena& arena, const Config& c) {
  const auto floats = [&arena](int rows, int columns) { return arena.take<float>(area(rows, columns)); };
  const int tokens = token_count(c);
  const size_t heads = static_cast<size_t>(c.heads);

  Activations a{};
  a.pixel_values = floats(kChannels * c.image_height, c.text ? 0 : c.image_width);
  a.patch_pixels = floats(c.text ? 0 : patch_count(c), patch_values(c));
  a.tokens = floats(tokens, c.hidden);
  a.normed = floats(tokens, c.hidden);
  a.q = floats(tokens, c.hidden);
  a.k = floats(tokens, c.hidden);
  a.v = floats(tokens, c.hidden);
  if (c.int8) {
    const int rows = thread_count() * kAttentionRows;
    a.int16_keys = arena.take<int16_t>(heads * int16_panel_values(head_size(c), tokens));
    a.int16_values = arena.take<int16_t>(heads * int16_panel_values(tokens, head_size(c)));
    a.key_scales = floats(c.heads, packed_columns(tokens));
    a.value_scales = floats(c.heads, packed_columns(head_size(c)));
    a.int16_rows = {arena.take<int16_t>(rows * int16_row(c)), floats(rows, 1)};
  } else {
    a.keys = arena.take<float>(heads * key_values(c));
    a.values = arena.take<float>(heads * value_values(c));
  }
  a.no_bias = floats(1, std::max(packed_columns(tokens), packed_columns(head_size(c))));
  a.scores = arena.take<float>(thread_count() * score_values(c));
  a.attended = floats(tokens, c.hidden);
  a.mlp_hidden = floats(tokens, c.mlp_hidden);
  a.mlp_gate = floats(c.gated_mlp ? tokens : 0, c.mlp_hidden);
  if (c.int8) {
    const size_t bytes = quantized_row_bytes(std::max(c.hidden, c.mlp_hidden));
    a.quantized = {arena.take<uint8_t>(tokens * bytes), floats(tokens, 1), arena.take<int32_t>(tokens)};
  }
  if (c.pooling == Pooling::attention) {
    const int pool_heads = pool_config(c).heads;
    a.pool_scores = floats(tokens, packed_columns(pool_heads));
    a.pool_weights = floats(pool_heads, tokens);
    a.pool_heads = floats(pool_heads, c.hidden);
    a.pool_values = floats(pool_heads, c.hidden);
  }
  a.pooled = floats(std::max(2, most_texts(c)), c.hidden);
  a.joint = floats(std::max(1, most_texts(c)), c.joint_width);
  a.represented = floats(1, c.pre_logits);
  a.logits = floats(1, c.classes);
  a.probabilities = floats(1, c.classes);
  return a;
}

}  // namespace vit
