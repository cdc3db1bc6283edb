#include "activations.h"

#include <algorithm>

#include "threads.h"

namespace vit {
namespace {

size_t key_values(const Config& c) { return area(head_size(c), packed_columns(token_count(c))); }

size_t value_values(const Config& c) { return area(token_count(c), packed_columns(head_size(c))); }

size_t score_values(const Config& c) { return area(kAttentionRows, packed_columns(token_count(c))); }

int byte_row_width(const Config& c) { return std::max(token_count(c), head_size(c)); }

// Room for a matrix of each attention head.
QuantizedMatrix take_for_heads(Arena& arena, const Config& c, int inputs, int outputs) {
  const size_t heads = static_cast<size_t>(c.heads);
  const size_t columns = heads * static_cast<size_t>(quantized_columns(outputs));
  QuantizedMatrix matrix{};
  matrix.panels = arena.take<int8_t>(heads * quantized_bytes(inputs, outputs));
  matrix.scales = arena.take<float>(columns);
  matrix.sums = arena.take<int32_t>(columns);
  matrix.bias = arena.take<float>(columns);
  return matrix;
}

QuantizedMatrix of_head(QuantizedMatrix all, int head, int inputs, int outputs) {
  const size_t columns = area(head, quantized_columns(outputs));
  return {all.panels + static_cast<size_t>(head) * quantized_bytes(inputs, outputs),
          all.scales + columns,
          all.sums + columns,
          all.bias + columns,
          inputs,
          outputs};
}

}  // namespace

PackedMatrix keys_of(Activations& a, const Config& c, int head) {
  return {a.keys + head * key_values(c), a.no_bias, head_size(c), token_count(c)};
}

PackedMatrix values_of(Activations& a, const Config& c, int head) {
  return {a.values + head * value_values(c), a.no_bias, token_count(c), head_size(c)};
}

QuantizedMatrix quantized_keys_of(Activations& a, const Config& c, int head) {
  return of_head(a.byte_keys, head, head_size(c), token_count(c));
}

QuantizedMatrix quantized_values_of(Activations& a, const Config& c, int head) {
  return of_head(a.byte_values, head, token_count(c), head_size(c));
}

LinearInput linear_input(Activations& a, const Config& c, float* values, int rows, int width) {
  if (!c.int8) return {values, width, {}, {}};
  const int fine = std::min(rows, prefix_count(c));
  if (fine > 0) quantize_rows(a.quantized, values, width, fine, width);
  quantize_rows(after(a.quantized.high, fine, width), values + fine * width, width, rows - fine, width);
  return {values, width, a.quantized.high, {a.quantized.low, fine, a.no_bias}};
}

float* scores_of_this_thread(Activations& a, const Config& c) {
  return a.scores + this_thread() * score_values(c);
}

QuantizedHalves softmax_bytes_of_this_thread(Activations& a, const Config& c) {
  const int first = this_thread() * kAttentionRows;
  return {after(a.softmax_bytes.high, first, byte_row_width(c)),
          after(a.softmax_bytes.low, first, byte_row_width(c))};
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
  a.shared_keys = floats(c.causal ? tokens : 0, c.hidden);
  a.shared_values = floats(c.causal ? tokens : 0, c.hidden);
  if (c.int8) {
    const int rows = thread_count() * kAttentionRows;
    a.byte_keys = take_for_heads(arena, c, head_size(c), tokens);
    a.byte_values = take_for_heads(arena, c, tokens, head_size(c));
    for (QuantizedRows* half : {&a.softmax_bytes.high, &a.softmax_bytes.low}) {
      *half = {arena.take<uint8_t>(rows * quantized_row_bytes(byte_row_width(c))), floats(rows, 1),
               arena.take<int32_t>(rows)};
    }
  } else {
    a.keys = arena.take<float>(heads * key_values(c));
    a.values = arena.take<float>(heads * value_values(c));
  }
  const int layer_columns = c.int8 ? quantized_columns(std::max(c.hidden, c.mlp_hidden)) : 0;
  a.no_bias = floats(1, std::max({packed_columns(tokens), packed_columns(head_size(c)), layer_columns}));
  a.scores = arena.take<float>(thread_count() * score_values(c));
  a.attended = floats(tokens, c.hidden);
  a.mlp_hidden = floats(tokens, c.mlp_hidden);
  a.mlp_gate = floats(c.gated_mlp ? tokens : 0, c.mlp_hidden);
  if (c.int8) {
    const size_t bytes = quantized_row_bytes(std::max(c.hidden, c.mlp_hidden));
    const auto rows = [&](int count) -> QuantizedRows {
      return {arena.take<uint8_t>(count * bytes), floats(count, 1), arena.take<int32_t>(count)};
    };
    a.quantized = {rows(tokens), rows(prefix_count(c))};
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
