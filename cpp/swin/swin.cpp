#include "swin.h"

#include <algorithm>

#include "../encoder.h"
#include "../patch_embedding.h"
#include "../threads.h"
#include "window_attention.h"

namespace vit {
namespace {

// tokens += norm(x), in place of x.
void add_normed(Activations& a, float* x, const LayerNormWeights& w, const Config& c) {
  norm(x, x, w, token_count(c), c.hidden, c.layer_norm_eps);
  add(a.tokens, x, token_count(c) * c.hidden);
}

void copy_tokens(float* out, const Activations& a, const Config& c) {
  std::copy_n(a.tokens, token_count(c) * c.hidden, out);
}

void attention_part(Activations& a, const SwinBlockWeights& weights, const Config& c, const Config& window,
                    const WindowGrid& grid) {
  const EncoderBlockWeights& w = weights.block;
  const bool norms_after = c.windows.cosine;
  const int windowed = windowed_tokens(grid), width = c.hidden;
  // windows = window_partition(roll(norm1(x), (-shift, -shift))); of version 2 without the norm
  if (!norms_after) norm(a.normed, a.tokens, w.norm1, token_count(c), width, c.layer_norm_eps);
  into_windows(a.mlp_hidden, norms_after ? a.tokens : a.normed, grid, width);
  const LinearInput in = linear_input(a, c, a.mlp_hidden, windowed, width);
  // q, k, v = qkv(windows)
  linear(a.q, width, in, windowed, w.q);
  linear(a.k, width, in, windowed, w.k);
  linear(a.v, width, in, windowed, w.v);
  // windows = softmax(q @ k.T + bias + mask) @ v
  window_attention(a, weights, window, grid);
  // x = x + proj(roll(window_reverse(windows), (shift, shift))); of version 2 x + norm1(proj(…))
  from_windows(a.normed, a.attended, grid, width);
  const LinearInput attended = linear_input(a, c, a.normed, token_count(c), width);
  if (!norms_after) return linear(a.tokens, width, attended, token_count(c), w.proj, Store::accumulate);
  linear(a.q, width, attended, token_count(c), w.proj);
  add_normed(a, a.q, w.norm1, c);
}

void mlp_part(Activations& a, const EncoderBlockWeights& w, const Config& c) {
  const bool norms_after = c.windows.cosine;
  const int tokens = token_count(c);
  // x = x + mlp(norm2(x)); of version 2 x + norm2(mlp(x))
  if (norms_after) {
    copy_tokens(a.normed, a, c);
  } else {
    norm(a.normed, a.tokens, w.norm2, tokens, c.hidden, c.layer_norm_eps);
  }
  linear_activated(a.mlp_hidden, c.mlp_hidden, linear_input(a, c, a.normed, tokens, c.hidden), tokens, w.fc1,
                   c.activation);
  const LinearInput hidden = linear_input(a, c, a.mlp_hidden, tokens, c.mlp_hidden);
  if (!norms_after) return linear(a.tokens, c.hidden, hidden, tokens, w.fc2, Store::accumulate);
  linear(a.q, c.hidden, hidden, tokens, w.fc2);
  add_normed(a, a.q, w.norm2, c);
}

// Four tokens beside each other: upper left, lower left, upper right, lower right; zeros beyond the edges.
void gather_fours(float* out, const float* tokens, const Config& c) {
  const int rows = grid_rows(c), columns = grid_columns(c);
  for (int row = 0; row < rows; row += 2) {
    for (int column = 0; column < columns; column += 2) {
      for (int i = 0; i < 4; i++, out += c.hidden) {
        const int y = row + i % 2, x = column + i / 2;
        if (y < rows && x < columns) {
          std::copy_n(tokens + (y * columns + x) * c.hidden, c.hidden, out);
        } else {
          std::fill_n(out, c.hidden, 0.0f);
        }
      }
    }
  }
}

void merge(Activations& a, const SwinStageWeights& w, const Config& c, const Config& next) {
  const int tokens = token_count(next), width = 4 * c.hidden;
  // x = reduction(norm(cat([x0, x1, x2, x3], -1))); of version 2 norm(reduction(…))
  gather_fours(a.mlp_hidden, a.tokens, c);
  if (!c.windows.cosine) norm(a.mlp_hidden, a.mlp_hidden, w.merge_norm, tokens, width, kOuterEps);
  linear(a.tokens, next.hidden, linear_input(a, c, a.mlp_hidden, tokens, width), tokens, w.merge);
  if (c.windows.cosine) norm(a.tokens, a.tokens, w.merge_norm, tokens, next.hidden, kOuterEps);
}

}  // namespace

Activations lay_out_swin_activations(Arena& arena, const Config& c) {
  size_t tokens = 0, windowed = 0, hidden = 0, keys = 0, values = 0, scores = 0, no_bias = 0, codes = 0,
         rows = 0;
  const auto raise = [](size_t& most, size_t count, size_t each) { most = std::max(most, count * each); };
  for (int stage = 0; stage < c.windows.count; stage++) {
    const Config s = stage_config(c, stage), w = window_config(c, stage);
    const int own = token_count(s), own_windowed = windowed_tokens(window_grid(c, stage, 0));
    const int merged = (grid_rows(s) + 1) / 2 * ((grid_columns(s) + 1) / 2);
    const int width = s.hidden, inner = s.mlp_hidden;
    const int size = head_size(w), window = token_count(w);
    raise(tokens, own, width);
    raise(windowed, std::max(own, own_windowed), width);
    raise(hidden, own, inner);
    raise(hidden, own_windowed, width);
    raise(hidden, merged, 4 * width);
    raise(keys, size, packed_columns(window));
    raise(values, window, packed_columns(size));
    raise(scores, kAttentionRows, packed_columns(window));
    raise(no_bias, std::max(packed_columns(window), packed_columns(size)), 1);
    raise(rows, std::max(own, own_windowed), 1);
    raise(codes, std::max(own, own_windowed), quantized_row_bytes(s.hidden));
    raise(codes, own, quantized_row_bytes(s.mlp_hidden));
    raise(codes, merged, quantized_row_bytes(4 * s.hidden));
  }
  const size_t threads = thread_count();
  const auto floats = [&arena](size_t count) { return arena.take<float>(count); };

  Activations a{};
  a.pixel_values = floats(area(kChannels * c.image_height, c.image_width));
  a.patch_pixels = floats(area(patch_count(c), patch_values(c)));
  a.tokens = floats(tokens);
  a.normed = floats(tokens);
  for (float** rows_of_windows : {&a.q, &a.k, &a.v, &a.attended}) *rows_of_windows = floats(windowed);
  a.keys = floats(threads * keys);
  a.values = floats(threads * values);
  a.scores = floats(threads * scores);
  a.no_bias = floats(no_bias);
  a.mlp_hidden = floats(hidden);
  if (c.int8) a.quantized.high = {arena.take<uint8_t>(codes), floats(rows), arena.take<int32_t>(rows)};
  a.pooled = floats(2 * c.hidden);
  a.logits = floats(c.classes);
  a.probabilities = floats(c.classes);
  return a;
}

void encode_swin(Activations& a, const InputWeights& weights, const SwinWeights& swin, const Config& c,
                 const Observer& observe) {
  const Config first = embedding_config(c);
  embed_patches(a, weights, first);
  observe({"patches", 0, a.tokens, token_count(first), first.hidden});
  if (c.pre_norm) norm_before_blocks(a, weights, first);
  add_prefix_tokens_and_positions(a, weights, first);
  observe({"tokens", 0, a.tokens, token_count(first), first.hidden});
  int layer = 0;
  for (int stage = 0; stage < c.windows.count; stage++) {
    const Config s = stage_config(c, stage), window = window_config(c, stage);
    const SwinStageWeights& w = swin.stages[stage];
    for (size_t block = 0; block < w.blocks.size(); block++) {
      attention_part(a, w.blocks[block], s, window, window_grid(c, stage, static_cast<int>(block)));
      mlp_part(a, w.blocks[block].block, s);
      observe({"blocks", layer++, a.tokens, token_count(s), s.hidden});
    }
    if (stage + 1 < c.windows.count) merge(a, w, s, stage_config(c, stage + 1));
  }
}

}  // namespace vit
