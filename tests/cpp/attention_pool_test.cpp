// Pooling by attention against the formula as it is written, in double precision: keys and values of every
// token, one query. (The engine computes neither.)
#include "../../cpp/attention_pool.h"

#include <gtest/gtest.h>

#include <utility>

#include "../../cpp/threads.h"
#include "plain_vit.h"
#include "random_model.h"

namespace vit {
namespace {

Config pooling_by_attention(int heads) {
  Config c = kPlainVit;
  c.heads = heads;
  c.class_token = false;
  c.positioned_prefix = 0;
  c.pooling = Pooling::attention;
  return c;
}

Matrix repeated_row(const Matrix& q, size_t tokens) {
  Matrix repeated;
  for (size_t t = 0; t < tokens; t++) repeated.insert(repeated.end(), q.begin(), q.end());
  return repeated;
}

// pooled = x + mlp(norm(x)), x = proj(attention of the latent to the tokens).
Matrix pool_twin(const Matrix& tokens, const NamedWeights& w, const Config& c) {
  const int count = static_cast<int>(tokens.size()) / c.hidden, size = head_size(c);
  const Matrix q = linear_twin(w.at("attn_pool.latent"), w, "attn_pool.q", 1);
  const Matrix k = linear_twin(tokens, w, "attn_pool.k", count);
  const Matrix v = linear_twin(tokens, w, "attn_pool.v", count);
  Matrix joined;
  for (int head = 0; head < c.heads; head++) {
    const auto part = [&](const Matrix& x) { return columns_of(x, c.hidden, head * size, size); };
    // The twin asks for as many queries as keys; all are the one.
    const Matrix queries = repeated_row(part(q), static_cast<size_t>(count));
    const Matrix attended = reference::attention(queries, part(k), part(v), count, size);
    joined.insert(joined.end(), attended.begin(), attended.begin() + size);
  }
  Matrix x = linear_twin(joined, w, "attn_pool.proj", 1);
  const Matrix added = mlp_twin(layer_norm_twin(x, w, "attn_pool.norm", c), w, "attn_pool.mlp.", c, 1);
  for (size_t i = 0; i < x.size(); i++) x[i] += added[i];
  return x;
}

// The pooled vector of a random picture, and what the formula makes of its tokens.
std::pair<std::vector<float>, Matrix> pooled(const Config& c) {
  Model model;
  const NamedWeights weights = load_random_weights(model, c, 0.4f);
  const auto pixels = random_floats(static_cast<size_t>(kChannels * c.image_height * c.image_width), 99);
  std::copy(pixels.begin(), pixels.end(), model.activations.pixel_values);
  Outputs wanted = answer(c);
  wanted.tokens = true;
  forward(model, wanted);
  const Activations& a = model.activations;
  const Matrix tokens(a.normed, a.normed + token_count(c) * c.hidden);
  return {{a.pooled, a.pooled + c.hidden}, pool_twin(tokens, weights, c)};
}

class AttentionPool : public testing::TestWithParam<std::tuple<int, int>> {
  void TearDown() override { use_threads(1); }
};

TEST_P(AttentionPool, IsTheFormulaOfItsTokens) {
  const auto [heads, threads] = GetParam();
  use_threads(threads);
  const auto [vector, expected] = pooled(pooling_by_attention(heads));
  expect_near(vector.data(), expected, 1e-5, "pooled");
}

// Its MLP alone is quantized.
TEST_P(AttentionPool, InInt8StaysNearTheFormula) {
  const auto [heads, threads] = GetParam();
  use_threads(threads);
  Config config = pooling_by_attention(heads);
  config.int8 = true;
  const auto [vector, expected] = pooled(config);
  expect_near(vector.data(), expected, 0.05, "pooled");
}

INSTANTIATE_TEST_SUITE_P(HeadsAndThreads, AttentionPool,
                         testing::Combine(testing::Values(1, 2, 3, 9), testing::Values(1, 3)));

}  // namespace
}  // namespace vit
