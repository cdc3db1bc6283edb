#include "attention.h"

#include <algorithm>

#include "threads.h"

namespace vit {
namespace {

// Tokens of one attention head that a thread packs at a time: a few microseconds of work, and whole panels.
constexpr int kPackedTokens = 32;

int first_value(const Config& c, int head, int token) { return token * c.hidden + head * head_size(c); }

void pack_keys_and_values(Activations& a, const Config& c, int head, int token) {
  const int count = std::min(kPackedTokens, token_count(c) - token);
  const int first = first_value(c, head, token);
  pack_outputs(keys_of(a, c, head), token, a.k + first, c.hidden, count);
  pack_inputs(values_of(a, c, head), token, a.v + first, c.hidden, count);
}

// Adds their biases to the scores of `rows` query rows, starting at `row`.
void add_biases(float* scores, const Config& c, const ScoreBias& bias, int head, int row, int rows) {
  if (c.relative_positions == RelativePositions::none) return;
  for (int r = 0; r < rows; r++) {
    add_score_bias(scores + r * packed_columns(token_count(c)), bias, c, head, row + r);
  }
}

// How many tokens, from the first, a query may see.
int visible_to(int query, const Config& c) { return c.causal ? query + 1 : token_count(c); }

// Scores of `rows` query rows, starting at `row` → attention weights: 0 for tokens that a query must not see.
void weigh(float* scores, const Config& c, int row, int rows, Rounding rounding) {
  const int tokens = token_count(c);
  for (int r = 0; r < rows; r++, scores += packed_columns(tokens)) {
    const int visible = visible_to(row + r, c);
    softmax(scores, visible, rounding);
    std::fill(scores + visible, scores + tokens, 0.0f);
  }
}

// Copies out the weights of one attention head for `rows` query rows, starting at `row`.
void copy_out(const AttentionCapture& capture, const Config& c, const float* weights, int head, int row,
              int rows) {
  const int tokens = token_count(c);
  const int stride = packed_columns(tokens);
  if (capture.first_queries && row == 0) std::copy_n(weights, tokens, capture.first_queries + head * tokens);
  if (!capture.map || (capture.head >= 0 && capture.head != head)) return;
  const float share = capture.head >= 0 ? 1 : 1 / static_cast<float>(c.heads);
  const bool first = capture.head >= 0 || head == 0;
  for (int r = 0; r < rows; r++) {
    float* copy = capture.map + area(row + r, tokens);
    for (int t = 0; t < tokens; t++) copy[t] = (first ? 0 : copy[t]) + share * weights[r * stride + t];
  }
}

// softmax(q·kᵀ)·v of one attention head for `rows` query rows, starting at `row`.
void attend(Activations& a, const Config& c, const ScoreBias& bias, int head, int row, int rows,
            const AttentionCapture& capture) {
  const int tokens = token_count(c);
  const int stride = packed_columns(tokens);
  const int first = first_value(c, head, row);
  float* scores = scores_of_this_thread(a, c);
  gemm(scores, stride, a.q + first, c.hidden, rows, keys_of(a, c, head));
  add_biases(scores, c, bias, head, row, rows);
  weigh(scores, c, row, rows, Rounding::fastest);
  copy_out(capture, c, scores, head, row, rows);
  gemm(a.attended + first, c.hidden, scores, stride, rows, values_of(a, c, head));
}

// The same with products of bytes.
void attend_int8(Activations& a, const Config& c, const ScoreBias& bias, int head, int row, int rows,
                 const AttentionCapture& capture) {
  const int tokens = token_count(c);
  const int stride = packed_columns(tokens);
  const int first = first_value(c, head, row);
  float* scores = scores_of_this_thread(a, c);
  const QuantizedHalves bytes = softmax_bytes_of_this_thread(a, c);
  quantize_rows(bytes.high, a.q + first, c.hidden, rows, head_size(c));
  gemm_int8(scores, stride, bytes.high, rows, quantized_keys_of(a, c, head));
  add_biases(scores, c, bias, head, row, rows);
  for (int r = 0; r < rows; r++) {
    softmax_bytes(bytes, r, scores + r * stride, visible_to(row + r, c), tokens);
  }
  QuantizedMatrix values = quantized_values_of(a, c, head);
  gemm_int8(a.attended + first, c.hidden, bytes.high, rows, values);
  values.bias = a.no_bias;
  gemm_int8(a.attended + first, c.hidden, bytes.low, rows, values, Store::accumulate);
  if (capture.map || capture.first_queries) {
    weigh(scores, c, row, rows, Rounding::portable);
    copy_out(capture, c, scores, head, row, rows);
  }
}

// The same for all heads and `rows` query rows, starting at `first`.
void attend_with_all_heads(Activations& a, const Config& c, const ScoreBias& bias, int first, int rows,
                           const AttentionCapture& capture) {
  if (c.int8) {
    parallel_for(c.heads, [&](int head) {
      const int column = first_value(c, head, 0);
      pack_keys(quantized_keys_of(a, c, head), a.k + column, c.hidden);
      pack_values(quantized_values_of(a, c, head), a.v + column, c.hidden);
    });
  } else {
    parallel_for(c.heads, ceil_div(token_count(c), kPackedTokens),
                 [&](int head, int piece) { pack_keys_and_values(a, c, head, piece * kPackedTokens); });
  }
  const auto attend_tile = [&](int head, int tile) {
    const int done = tile * kAttentionRows;
    const auto attend_by = c.int8 ? attend_int8 : attend;
    attend_by(a, c, bias, head, first + done, std::min(kAttentionRows, rows - done), capture);
  };
  const int tiles = ceil_div(rows, kAttentionRows);
  if (!capture.map) return parallel_for(c.heads, tiles, attend_tile);
  // The mean over heads is summed in their order, so threads must not share a tile's heads.
  parallel_for(tiles, [&](int tile) {
    for (int head = 0; head < c.heads; head++) attend_tile(head, tile);
  });
}

// The same within each text: pointers to its rows, and a configuration of its length. The shared keys and
// values are copied in front of its own, over those of the text before.
void attend_within_texts(Activations a, Config c, const Texts& texts) {
  const int shared = texts.shared;
  if (shared > 0) {
    std::copy_n(a.k, shared * c.hidden, a.shared_keys);
    std::copy_n(a.v, shared * c.hidden, a.shared_values);
    c.image_width = shared;
    attend_with_all_heads(a, c, {}, 0, shared, {});
  }
  for (int length : texts.lengths) {
    std::copy_n(a.shared_keys, shared * c.hidden, a.k);
    std::copy_n(a.shared_values, shared * c.hidden, a.v);
    c.image_width = shared + length;
    attend_with_all_heads(a, c, {}, shared, length, {});
    for (float** rows : {&a.q, &a.k, &a.v, &a.attended}) *rows += length * c.hidden;
  }
}

// The heads of a token are adjacent, so each is a row of its own.
void norm_heads(float* x, const LayerNormWeights& weights, const Config& c, int rows) {
  norm(x, x, weights, rows * c.heads, head_size(c), c.layer_norm_eps);
}

}  // namespace

void attention(float* out, Store store, Activations& a, const EncoderBlockWeights& weights, const Config& c,
               int rows, const Texts& texts, const AttentionCapture& capture) {
  const int tokens = token_count(c);
  // q, k, v = qkv(x); q = q / sqrt(d), which is in the weights
  const LinearInput normed = linear_input(a, c, a.normed, tokens, c.hidden);
  linear(a.q, c.hidden, normed, rows, weights.q);
  linear(a.k, c.hidden, normed, tokens, weights.k);
  linear(a.v, c.hidden, normed, tokens, weights.v);
  // q, k = q_norm(q), k_norm(k)
  if (c.qk_norm) {
    norm_heads(a.q, weights.q_norm, c, rows);
    norm_heads(a.k, weights.k_norm, c, tokens);
  }
  // q, k = apply_rotary_pos_emb(q, k, cos, sin)
  if (has_rotary(c)) {
    rotate_patches(a.q, weights.rotary, c, rows);
    rotate_patches(a.k, weights.rotary, c, tokens);
  }
  // x = softmax(q @ k.T + bias) @ v
  if (c.text) {
    attend_within_texts(a, c, texts);
  } else {
    attend_with_all_heads(a, c, weights.score_bias, 0, rows, capture);
  }
  // x = norm(x)
  if (c.attention_norm) norm(a.attended, a.attended, weights.attn_norm, rows, c.hidden, c.layer_norm_eps);
  // x = proj(x)
  const LinearInput attended = linear_input(a, c, a.attended, rows, c.hidden);
  linear(out, c.hidden, attended, rows, weights.proj, store);
}

}  // namespace vit
