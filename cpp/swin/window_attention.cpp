#include "window_attention.h"

#include <algorithm>
#include <cmath>

#include "../threads.h"

namespace vit {
namespace {

// Calls place(token in the grid, or −1 for padding; token in the order of windows) for all tokens
// of a row of windows.
template <typename Place>
void for_windowed_tokens(const WindowGrid& g, int down, const Place& place) {
  const int height = windows_down(g) * g.window, width = windows_across(g) * g.window;
  int windowed = down * width * g.window;
  for (int across = 0; across < windows_across(g); across++) {
    for (int y = 0; y < g.window; y++) {
      const int row = (down * g.window + y + g.shift) % height;
      for (int x = 0; x < g.window; x++, windowed++) {
        const int column = (across * g.window + x + g.shift) % width;
        place(row < g.rows && column < g.columns ? row * g.columns + column : -1, windowed);
      }
    }
  }
}

// Which part of a shifted axis of `length` tokens an index is in: of tokens in different parts only those of
// one window have been neighbors all along.
int part_of(int index, int length, const WindowGrid& g) {
  return (index >= length - g.window) + (index >= length - g.shift);
}

// Lowers the scores of one query of window (down, across) for keys in other parts of the image.
void mask(float* scores, const WindowGrid& g, int down, int across, int token, float penalty) {
  const int height = windows_down(g) * g.window, width = windows_across(g) * g.window;
  const auto row_part = [&](int y) { return part_of(down * g.window + y, height, g); };
  const auto column_part = [&](int x) { return part_of(across * g.window + x, width, g); };
  const int own_row = row_part(token / g.window), own_column = column_part(token % g.window);
  for (int y = 0; y < g.window; y++) {
    const bool same_row = row_part(y) == own_row;
    for (int x = 0; x < g.window; x++, scores++) {
      if (!same_row || column_part(x) != own_column) *scores -= penalty;
    }
  }
}

// Scales each head's part of a row to length 1, times the head's factor.
void normalize_heads(float* x, int rows, const Config& window, const float* factors) {
  const int size = head_size(window);
  parallel_for(rows, [&](int row) {
    float* values = x + area(row, window.hidden);
    for (int head = 0; head < window.heads; head++, values += size) {
      float squares = 0;
      for (int i = 0; i < size; i++) squares += values[i] * values[i];
      const float scale = (factors ? factors[head] : 1) / std::max(std::sqrt(squares), 1e-12f);
      for (int i = 0; i < size; i++) values[i] *= scale;
    }
  });
}

// Attention of one head in one window.
void attend(Activations& a, const SwinBlockWeights& weights, const Config& c, const WindowGrid& g, int head,
            int index) {
  const int tokens = token_count(c), size = head_size(c), stride = packed_columns(tokens);
  const int thread = this_thread();
  const size_t first = area(index * tokens, c.hidden) + head * size;
  const PackedMatrix keys{a.keys + area(thread * size, stride), a.no_bias, size, tokens};
  const PackedMatrix values{a.values + area(thread * tokens, packed_columns(size)), a.no_bias, tokens, size};
  // Another stage's windows may have left values in the padding of the last panel.
  std::fill_n(keys.panels + (stride - kPanelColumns) * size, kPanelColumns * size, 0.0f);
  pack_outputs(keys, 0, a.k + first, c.hidden, tokens);
  pack_inputs(values, 0, a.v + first, c.hidden, tokens);

  const int down = index / windows_across(g), across = index % windows_across(g);
  const bool masked = g.shift > 0 && (down + 1 == windows_down(g) || across + 1 == windows_across(g));
  const float penalty = c.windows.cosine && !c.windows.as_timm ? 200 : 100;
  const Rounding rounding = rounding_of(c);
  float* scores = scores_of_this_thread(a, c);
  for (int row = 0; row < tokens; row += kAttentionRows) {
    const int rows = std::min(kAttentionRows, tokens - row);
    const size_t from = first + area(row, c.hidden);
    gemm(scores, stride, a.q + from, c.hidden, rows, keys, Store::replace, rounding);
    for (int r = 0; r < rows; r++) {
      float* own = scores + r * stride;
      add_score_bias(own, weights.block.score_bias, c, head, row + r);
      if (masked) mask(own, g, down, across, row + r, penalty);
      softmax(own, tokens, rounding);
    }
    gemm(a.attended + from, c.hidden, scores, stride, rows, values, Store::replace, rounding);
  }
}

}  // namespace

void into_windows(float* out, const float* tokens, const WindowGrid& g, int width) {
  parallel_for(windows_down(g), [&](int down) {
    for_windowed_tokens(g, down, [&](int token, int windowed) {
      float* to = out + area(windowed, width);
      if (token < 0) {
        std::fill_n(to, width, 0.0f);
      } else {
        std::copy_n(tokens + area(token, width), width, to);
      }
    });
  });
}

void from_windows(float* tokens, const float* in, const WindowGrid& g, int width) {
  parallel_for(windows_down(g), [&](int down) {
    for_windowed_tokens(g, down, [&](int token, int windowed) {
      if (token < 0) return;
      std::copy_n(in + area(windowed, width), width, tokens + area(token, width));
    });
  });
}

void window_attention(Activations& a, const SwinBlockWeights& weights, const Config& c, const WindowGrid& g) {
  if (c.windows.cosine) {
    normalize_heads(a.q, windowed_tokens(g), c, weights.query_scale);
    normalize_heads(a.k, windowed_tokens(g), c, nullptr);
  }
  parallel_for(c.heads, windows_down(g) * windows_across(g),
               [&](int head, int index) { attend(a, weights, c, g, head, index); });
}

}  // namespace vit
