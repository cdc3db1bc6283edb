#include "attention.h"

#include <algorithm>

namespace vit {
namespace {

void attend_with_one_head(Activations& a, int head, const Config& c, int rows) {
  const int tokens = token_count(c);
  const int stride = packed_columns(tokens);
  const int column = head * head_size(c);

  pack_outputs(a.keys, 0, a.k + column, c.hidden, tokens);
  pack_inputs(a.values, a.v + column, c.hidden);
  for (int row = 0; row < rows; row += kAttentionRows) {
    const int count = std::min(kAttentionRows, rows - row);
    const int first = row * c.hidden + column;
    gemm(a.scores, stride, a.q + first, c.hidden, count, a.keys);
    for (int r = 0; r < count; r++) softmax(a.scores + r * stride, tokens);
    gemm(a.attended + first, c.hidden, a.scores, stride, count, a.values);
  }
}

}  // namespace

void attention(Activations& a, const EncoderBlockWeights& weights, const Config& c, int rows) {
  const int tokens = token_count(c);
  gemm(a.q, c.hidden, a.normed, c.hidden, rows, weights.q);
  gemm(a.k, c.hidden, a.normed, c.hidden, tokens, weights.k);
  gemm(a.v, c.hidden, a.normed, c.hidden, tokens, weights.v);
  for (int head = 0; head < c.heads; head++) attend_with_one_head(a, head, c, rows);
  gemm(a.tokens, c.hidden, a.attended, c.hidden, rows, weights.proj, Store::accumulate);
}

}  // namespace vit
