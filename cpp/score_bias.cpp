#include "score_bias.h"

#include <algorithm>

namespace vit {
namespace {

constexpr int table_rows(const Config& c) { return 2 * grid_rows(c) - 1; }
constexpr int table_columns(const Config& c) { return 2 * grid_columns(c) - 1; }

}  // namespace

ScoreBias lay_out_score_bias(Arena& arena, const Config& c) {
  ScoreBias bias{};
  bias.network = take_distance_network(arena, c);
  bias.given = arena.take<float>(area(bias_rows(c), c.heads));
  bias.patches = arena.take<float>(area(table_rows(c), table_columns(c)) * c.heads);
  bias.prefix = arena.take<float>(3 * c.heads);
  return bias;
}

void settle_score_bias(ScoreBias bias, float* scratch, const Config& c) {
  const int rows = 2 * bias_grid_rows(c) - 1, columns = 2 * bias_grid_columns(c) - 1;
  const int out_rows = table_rows(c), out_columns = table_columns(c), entries = out_rows * out_columns;
  const float* given = bias.given;
  if (rows != out_rows || columns != out_columns) {
    resample_grid(scratch, out_rows, out_columns, given, rows, columns, c.heads, Resampling::bilinear);
    given = scratch;
  }
  // From query − key to key − query: both axes backwards, so the last entry comes first.
  for (int head = 0; head < c.heads; head++) {
    for (int i = 0; i < entries; i++) {
      bias.patches[head * entries + i] = given[(entries - 1 - i) * c.heads + head];
    }
    for (int i = 0; i < extra_biases(c); i++) {
      bias.prefix[head * 3 + i] = bias.given[(rows * columns + i) * c.heads + head];
    }
  }
}

void add_score_bias(float* scores, const ScoreBias& bias, const Config& c, int head, int token) {
  const int prefix = prefix_count(c), columns = grid_columns(c), patch = token - prefix;
  const float* extra = bias.prefix + head * 3;
  if (patch < 0) {
    for (int key = 0; key < prefix; key++) scores[key] += extra[2];
    for (int key = prefix; key < token_count(c); key++) scores[key] += extra[0];
    return;
  }
  for (int key = 0; key < prefix; key++) scores[key] += extra[1];
  const int row = patch / columns, column = patch % columns;
  const float* table = bias.patches + head * table_rows(c) * table_columns(c);
  for (int key_row = 0; key_row < grid_rows(c); key_row++) {
    const int offset = (key_row - row + grid_rows(c) - 1) * table_columns(c) + (columns - 1 - column);
    add(scores + prefix + key_row * columns, table + offset, columns);
  }
}

}  // namespace vit
