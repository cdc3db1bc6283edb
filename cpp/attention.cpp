#include "attention.h"

#include <algorithm>

namespace vit {
namespace {

void attend_with_one_head(Activations& a, int head, const Config& c) {
  const int tokens = token_count(c);
  const int size = head_size(c);
  const int stride = 3 * c.hidden;
  const int score_stride = packed_columns(tokens);
  const float* queries = a.qkv + head * size;
  float* attended = a.attended + head * size;

  pack_outputs(a.keys, 0, queries + c.hidden, stride, tokens);
  pack_inputs(a.values, queries + 2 * c.hidden, stride);
  for (int row = 0; row < tokens; row += kAttentionRows) {
    const int rows = std::min(kAttentionRows, tokens - row);
    gemm(a.scores, score_stride, queries + row * stride, stride, rows, a.keys);
    for (int r = 0; r < rows; r++) softmax(a.scores + r * score_stride, tokens);
    gemm(attended + row * c.hidden, c.hidden, a.scores, score_stride, rows, a.values);
  }
}

}  // namespace

void attention(Activations& a, const EncoderBlockWeights& weights, const Config& c) {
  const int tokens = token_count(c);
  gemm(a.qkv, 3 * c.hidden, a.normed, c.hidden, tokens, weights.qkv);
  for (int head = 0; head < c.heads; head++) attend_with_one_head(a, head, c);
  gemm(a.tokens, c.hidden, a.attended, c.hidden, tokens, weights.proj, Store::accumulate);
}

}  // namespace vit
