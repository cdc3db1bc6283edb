// Texts, from their token embeddings to their vectors, against the formulas in double precision: positions
// that begin anew with every text, attention that looks back only, the last token of each.
#include "../../cpp/text_embedding.h"

#include <gtest/gtest.h>

#include <bit>
#include <numeric>

#include "../../cpp/threads.h"
#include "plain_vit.h"
#include "random_model.h"

namespace vit {
namespace {

Config text_tower(bool causal) {
  Config c = kPlainVit;
  c.image_height = c.patch_height = c.patch_width = 1;
  c.image_width = c.position_columns = 11;  // tokens
  c.position_rows = 1;
  c.class_token = false;
  c.positioned_prefix = c.classes = 0;
  c.pooling = Pooling::last_token;
  c.joint_width = 10;
  c.joint_bias = true;
  c.text = true;
  c.causal = causal;
  return c;
}

// Each token's attention to its own text, or to what of it has been read.
Matrix attention_twin(const Matrix& x, const NamedWeights& w, const std::string& name, const Config& c) {
  const int tokens = static_cast<int>(x.size()) / c.hidden, size = head_size(c);
  const Matrix q = linear_twin(x, w, name + ".q", tokens);
  const Matrix k = linear_twin(x, w, name + ".k", tokens);
  const Matrix v = linear_twin(x, w, name + ".v", tokens);
  Matrix joined(x.size());
  for (int head = 0; head < c.heads; head++) {
    for (int t = 0; t < tokens; t++) {
      const int seen = c.causal ? t + 1 : tokens;
      const auto part = [&](const Matrix& all) {
        const Matrix first(all.begin(), all.begin() + seen * c.hidden);
        return columns_of(first, c.hidden, head * size, size);
      };
      const Matrix attended = reference::attention(part(q), part(k), part(v), seen, size);
      std::copy_n(attended.begin() + t * size, size, joined.begin() + t * c.hidden + head * size);
    }
  }
  return linear_twin(joined, w, name + ".proj", tokens);
}

void add_to(Matrix& x, const Matrix& added) {
  for (size_t i = 0; i < x.size(); i++) x[i] += added[i];
}

// One text's token embeddings → its vector.
Matrix text_twin(Matrix x, const NamedWeights& w, const Config& c) {
  const int tokens = static_cast<int>(x.size()) / c.hidden;
  const Matrix& positions = w.at("pos_embed");
  add_to(x, Matrix(positions.begin(), positions.begin() + tokens * c.hidden));
  for (int layer = 0; layer < c.layers; layer++) {
    const std::string name = "blocks." + std::to_string(layer);
    add_to(x, attention_twin(layer_norm_twin(x, w, name + ".norm1", c), w, name + ".attn", c));
    add_to(x, mlp_twin(layer_norm_twin(x, w, name + ".norm2", c), w, name + ".mlp.", c, tokens));
  }
  x = layer_norm_twin(x, w, "norm", c);
  return linear_twin(Matrix(x.end() - c.hidden, x.end()), w, "joint_proj", 1);
}

class TextTower : public testing::TestWithParam<std::tuple<bool, int>> {
 protected:
  void SetUp() override {
    use_threads(std::get<1>(GetParam()));
    config = text_tower(std::get<0>(GetParam()));
    weights = load_random_weights(model, config, 0.4f);
  }
  void TearDown() override { use_threads(1); }

  // The embeddings of all texts' tokens, as they are sent.
  std::vector<float> put(int tokens) {
    const auto values = random_floats(static_cast<size_t>(tokens * config.hidden), 77);
    std::memcpy(model.staging, values.data(), values.size() * sizeof(float));
    EXPECT_EQ(put_embeddings(model, "F32", 0, tokens), "");
    return values;
  }

  Config config;
  Model model;
  NamedWeights weights;
};

class CausalTower : public TextTower {};

TEST_P(TextTower, AreTheFormulaOneByOneAndTogether) {
  const std::vector<int> lengths{1, 5, 3, 2};
  const int tokens = std::accumulate(lengths.begin(), lengths.end(), 0);
  const std::vector<float> values = put(tokens);
  ASSERT_EQ(embed_texts(model, {lengths}, false), "");
  const float* vector = model.activations.joint;
  auto begin = values.begin();
  for (int length : lengths) {
    const Matrix text(begin, begin + length * config.hidden);
    expect_near(vector, text_twin(text, weights, config), 1e-5, "text of " + std::to_string(length));
    begin += length * config.hidden;
    vector += config.joint_width;
  }
}

TEST_P(TextTower, HaveLengthOneWhenThatIsWanted) {
  put(7);
  ASSERT_EQ(embed_texts(model, {std::vector{3, 4}}, true), "");
  for (int text = 0; text < 2; text++) {
    const float* vector = model.activations.joint + text * config.joint_width;
    EXPECT_NEAR(std::inner_product(vector, vector + config.joint_width, vector, 0.0), 1, 1e-6);
  }
}

TEST_P(TextTower, ThatDoNotFitAreRefused) {
  put(11);
  for (const std::vector<int>& lengths : {std::vector<int>{},
                                          {0},
                                          {12},
                                          {6, 6},
                                          {-1, 3},
                                          std::vector<int>(12, 1),
                                          {INT32_MIN, INT32_MIN, 4},
                                          {INT32_MAX, INT32_MAX, 4}}) {
    EXPECT_NE(embed_texts(model, {lengths}, false), "") << testing::PrintToString(lengths);
  }
  EXPECT_NE(embed_texts(model, {std::vector{4, 4}, 4}, false), "");
  EXPECT_NE(embed_texts(model, {std::vector{4, 4}, -1}, false), "");
  if (!config.causal) {
    EXPECT_NE(embed_texts(model, {std::vector{4, 4}, 1}, false), "");
  }
}

TEST_P(CausalTower, SharesWhatTextsBeginWith) {
  const std::vector<int> lengths{2, 4, 1};
  const int shared = 3;
  const std::vector<float> values = put(10);
  ASSERT_EQ(embed_texts(model, {lengths, shared}, false), "");
  const float* vector = model.activations.joint;
  const auto begin = values.begin(), own = begin + shared * config.hidden;
  auto end = own;
  for (int length : lengths) {
    Matrix text(begin, own);
    text.insert(text.end(), end, end + length * config.hidden);
    expect_near(vector, text_twin(text, weights, config), 1e-5, "text of 3 + " + std::to_string(length));
    end += length * config.hidden;
    vector += config.joint_width;
  }
}

// Also where the shared tokens are more than those of the text in front of another.
TEST_P(CausalTower, GivesTheSameBitsWithSharedTokensAndWithout) {
  const std::vector<float> values = put(9);
  const size_t width = static_cast<size_t>(config.hidden);
  ASSERT_EQ(embed_texts(model, {std::vector{1, 1, 2}, 5}, false), "");
  const float* joint = model.activations.joint;
  const std::vector<float> together(joint, joint + 3 * config.joint_width);
  const std::vector<std::vector<size_t>> texts{{0, 1, 2, 3, 4, 5}, {0, 1, 2, 3, 4, 6}, {0, 1, 2, 3, 4, 7, 8}};
  for (size_t text = 0; text < texts.size(); text++) {
    float* rows = reinterpret_cast<float*>(model.staging);
    for (const size_t token : texts[text]) rows = std::copy_n(&values[token * width], width, rows);
    const int tokens = static_cast<int>(texts[text].size());
    ASSERT_EQ(put_embeddings(model, "F32", 0, tokens), "");
    ASSERT_EQ(embed_texts(model, {std::vector{tokens}}, false), "");
    const auto alone = together.begin() + static_cast<ptrdiff_t>(text) * config.joint_width;
    EXPECT_TRUE(std::equal(joint, joint + config.joint_width, alone)) << "text " << text;
  }
}

INSTANTIATE_TEST_SUITE_P(CausalOrNotOnThreads, TextTower,
                         testing::Combine(testing::Bool(), testing::Values(1, 3)));
INSTANTIATE_TEST_SUITE_P(OnThreads, CausalTower,
                         testing::Combine(testing::Values(true), testing::Values(1, 3)));

TEST(PutEmbeddings, TakesEveryPrecisionRowByRow) {
  Model model;
  const Config c = text_tower(true);
  load_random_weights(model, c);
  const size_t width = static_cast<size_t>(c.hidden);
  std::vector<double> row(width);
  for (size_t i = 0; i < width; i++) row[i] = static_cast<double>(i) - 4;  // exact in all of them
  const auto arrives = [&](const char* dtype, int at, const auto& values) {
    std::memcpy(model.staging, values.data(), values.size() * sizeof values[0]);
    ASSERT_EQ(put_embeddings(model, dtype, at, 1), "") << dtype;
    const float* token = model.activations.tokens + static_cast<size_t>(at) * width;
    EXPECT_EQ(to_double({token, token + width}), row) << dtype;
  };
  arrives("F64", 0, row);
  arrives("F32", 10, std::vector<float>(row.begin(), row.end()));
  std::vector<uint16_t> bf16;
  for (double value : row)
    bf16.push_back(static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16));
  arrives("BF16", 3, bf16);
}

TEST(PutEmbeddings, RefusesWhatDoesNotFit) {
  Model model;
  load_random_weights(model, text_tower(true));
  EXPECT_NE(put_embeddings(model, "I8", 0, 1), "");
  EXPECT_NE(put_embeddings(model, "F32", 0, 12), "");
  EXPECT_NE(put_embeddings(model, "F32", 11, 1), "");
  EXPECT_NE(put_embeddings(model, "F32", -1, 1), "");
  EXPECT_NE(put_embeddings(model, "F32", 0, -1), "");
  EXPECT_EQ(put_embeddings(model, "F32", 11, 0), "");
  Model of_pictures;
  load_random_weights(of_pictures, kPlainVit);
  EXPECT_NE(put_embeddings(of_pictures, "F32", 0, 1), "");
  EXPECT_NE(embed_texts(of_pictures, {std::vector{1}}, false), "");
}

}  // namespace
}  // namespace vit
