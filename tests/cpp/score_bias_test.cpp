#include "../../cpp/score_bias.h"

#include <gtest/gtest.h>

#include "plain_vit.h"
#include "random.h"

namespace vit {
namespace {

// The bias as the reference indexes it: `index(row, column)` of the table for a query's and a key's patch.
float expected_bias(const ScoreBias& bias, const Config& c, int head, int query, int key) {
  const int rows = grid_rows(c), columns = grid_columns(c), patches = (2 * rows - 1) * (2 * columns - 1);
  const int prefix = prefix_count(c);
  const auto entry = [&](int row) { return bias.given[row * c.heads + head]; };
  if (query < prefix && key < prefix) return entry(patches + 2);
  if (query < prefix) return entry(patches);
  if (key < prefix) return entry(patches + 1);
  const int q = query - prefix, k = key - prefix;
  const int down = q / columns - k / columns + rows - 1, across = q % columns - k % columns + columns - 1;
  return entry(down * (2 * columns - 1) + across);
}

TEST(ScoreBias, IsAddedAsTheReferenceIndexesIt) {
  for (bool class_token : {true, false}) {
    Config c = kPlainVit;
    c.class_token = class_token;
    c.positioned_prefix = 0;
    Arena arena;
    lay_out_score_bias(arena, c);
    ASSERT_TRUE(arena.reserve());
    const ScoreBias bias = lay_out_score_bias(arena, c);
    const auto given = random_floats(static_cast<size_t>(bias_rows(c) * c.heads), 1);
    std::copy(given.begin(), given.end(), bias.given);
    settle_score_bias(bias, nullptr, c);

    const int tokens = token_count(c);
    for (int head = 0; head < c.heads; head++) {
      for (int query = 0; query < tokens; query++) {
        std::vector<float> scores(static_cast<size_t>(tokens), 1.0f);
        scores.push_back(7.0f);
        add_score_bias(scores.data(), bias, c, head, query);
        for (int key = 0; key < tokens; key++) {
          ASSERT_EQ(scores[static_cast<size_t>(key)], 1 + expected_bias(bias, c, head, query, key))
              << query << " to " << key;
        }
        ASSERT_EQ(scores.back(), 7.0f);
      }
    }
  }
}

}  // namespace
}  // namespace vit
