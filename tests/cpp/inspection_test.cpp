// What can be seen inside a forward pass, checked against sums that this file does itself. The golden tests
// compare the same with the reference libraries.
#include "../../cpp/inspection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "../../cpp/threads.h"
#include "plain_vit.h"
#include "random_model.h"

namespace vit {
namespace {

void load(Model& model, const Config& config) {
  load_random_weights(model, config);
  const auto pixels = random_floats(static_cast<size_t>(3) * config.image_height * config.image_width, 9);
  std::copy(pixels.begin(), pixels.end(), model.activations.pixel_values);
}

Config vit_with(Pooling pooling, bool int8 = false) {
  Config config = kPlainVit;
  config.layers = 6;
  config.registers = 2;
  config.pooling = pooling;
  config.int8 = int8;
  return config;
}

std::vector<float> attention_of(Model& model, const AttentionRequest& request) {
  std::vector<float> map(static_cast<size_t>(patch_count(model.config)));
  EXPECT_EQ(attention_map(model, request, map.data()), "");
  return map;
}

std::vector<float> explanation_of(Model& model, int label) {
  std::vector<float> map(static_cast<size_t>(patch_count(model.config)));
  EXPECT_EQ(explain(model, label, map.data()), "");
  return map;
}

std::vector<float> logits_of(Model& model, const Outputs& wanted) {
  forward(model, wanted);
  return {model.activations.logits, model.activations.logits + model.config.classes};
}

// The weights of every block, as all tokens' queries have them.
std::vector<std::vector<float>> all_weights(Model& model, int head) {
  const Config& c = model.config;
  const size_t square = static_cast<size_t>(token_count(c)) * static_cast<size_t>(token_count(c));
  std::vector<std::vector<float>> weights;
  for (int layer = 0; layer < c.layers; layer++) {
    weights.emplace_back(square);
    Outputs wanted;
    wanted.blocks = layer + 1;
    wanted.capture = {head, weights.back().data(), nullptr};
    wanted.capture_from = layer;
    forward(model, wanted);
  }
  return weights;
}

TEST(Capture, GivesRowsThatSumToOneAndChangesNoLogit) {
  for (bool int8 : {false, true}) {
    Model model;
    load(model, vit_with(Pooling::class_token, int8));
    const int tokens = token_count(model.config);
    const auto expected = logits_of(model, answer(model.config));
    std::vector<float> map(static_cast<size_t>(tokens * tokens)), first(static_cast<size_t>(3 * tokens));
    Outputs wanted = answer(model.config);
    wanted.tokens = true;
    wanted.capture = {-1, map.data(), first.data()};
    EXPECT_EQ(logits_of(model, wanted), expected);
    for (int row = 0; row < tokens; row++) {
      EXPECT_NEAR(std::accumulate(&map[static_cast<size_t>(row * tokens)],
                                  &map[static_cast<size_t>(row * tokens)] + tokens, 0.0),
                  1, 1e-5);
    }
    // The mean over heads of what each head's first query has.
    for (int t = 0; t < tokens; t++) {
      double mean = 0;
      for (int head = 0; head < 3; head++) mean += first[static_cast<size_t>(head * tokens + t)] / 3;
      EXPECT_NEAR(map[static_cast<size_t>(t)], mean, 1e-6);
    }
  }
}

TEST(AttentionMap, IsTheClassTokensRow) {
  Model model;
  load(model, vit_with(Pooling::class_token));
  for (int head : {-1, 0, 2}) {
    const auto weights = all_weights(model, head);
    for (int layer : {0, 3, 5}) {
      const auto map = attention_of(model, {layer, head});
      for (size_t patch = 0; patch < map.size(); patch++) {
        EXPECT_EQ(map[patch], weights[static_cast<size_t>(layer)][patch + 3]) << layer << " " << head;
      }
    }
  }
}

TEST(AttentionMap, OfAMeanIsTheMeanOfThePatchesRows) {
  Model model;
  load(model, vit_with(Pooling::mean_patches));
  const size_t tokens = static_cast<size_t>(token_count(model.config));
  const auto weights = all_weights(model, -1);
  const auto map = attention_of(model, {4});
  for (size_t patch = 0; patch < map.size(); patch++) {
    double mean = 0;
    for (size_t row = 3; row < tokens; row++) mean += weights[4][row * tokens + patch + 3];
    EXPECT_NEAR(map[patch], mean / static_cast<double>(map.size()), 1e-6);
  }
}

TEST(AttentionMap, OfARolloutIsTheProductOfTheBlocks) {
  for (Pooling pooling : {Pooling::class_token, Pooling::mean_patches}) {
    Model model;
    load(model, vit_with(pooling));
    const size_t tokens = static_cast<size_t>(token_count(model.config));
    std::vector<double> product(tokens * tokens);
    for (size_t i = 0; i < tokens; i++) product[i * tokens + i] = 1;
    for (const auto& weights : all_weights(model, -1)) {
      std::vector<double> next(tokens * tokens);
      for (size_t i = 0; i < tokens; i++) {
        for (size_t k = 0; k < tokens; k++) {
          const double factor = (weights[i * tokens + k] + (i == k)) / 2;
          for (size_t j = 0; j < tokens; j++) next[i * tokens + j] += factor * product[k * tokens + j];
        }
      }
      product = next;
    }
    const auto map = attention_of(model, {5, -1, true});
    for (size_t patch = 0; patch < map.size(); patch++) {
      double expected = 0;
      const size_t first = pooling == Pooling::class_token ? 0 : 3;
      const size_t rows = pooling == Pooling::class_token ? 1 : map.size();
      for (size_t row = first; row < first + rows; row++) {
        expected += product[row * tokens + patch + 3] / static_cast<double>(rows);
      }
      EXPECT_NEAR(map[patch], expected, 1e-6);
    }
  }
}

TEST(AttentionMap, IsTheSameToTheBitWithThreads) {
  for (bool int8 : {false, true}) {
    std::vector<float> alone;
    for (int threads : {1, 3}) {
      use_threads(threads);
      Model model;
      load(model, vit_with(Pooling::mean_patches, int8));
      const auto map = attention_of(model, {5, -1, true});
      if (threads == 1) alone = map;
      EXPECT_EQ(map, alone);
    }
    use_threads(1);
  }
}

// A pooled mean is a sum over patches, so what each adds is known exactly.
TEST(Explain, OfAMeanSumsToTheLogit) {
  for (bool norm : {false, true}) {
    Config config = vit_with(Pooling::mean_patches);
    config.final_norm = !norm;
    config.pooled_norm = norm;
    Model model;
    load(model, config);
    const auto logits = logits_of(model, answer(config));
    const HeadWeights& weights = model.weights.head;
    // What the head makes of nothing: its bias, and the norm's.
    const auto constant = [&](int label) {
      double sum = weights.linear.bias[label];
      for (int i = 0; i < config.hidden && norm; i++) {
        sum += static_cast<double>(weights.fc_norm.bias[i]) *
               weights.linear.panels[packed_index(config.hidden, label, i)];
      }
      return sum;
    };
    double mean_logit = 0, mean_constant = 0;
    for (int label = 0; label < config.classes; label++) {
      mean_logit += logits[static_cast<size_t>(label)] / config.classes;
      mean_constant += constant(label) / config.classes;
    }
    for (int label : {0, config.classes - 1}) {
      const auto map = explanation_of(model, label);
      const double sum = std::accumulate(map.begin(), map.end(), 0.0);
      EXPECT_NEAR(sum, logits[static_cast<size_t>(label)] - mean_logit - constant(label) + mean_constant,
                  1e-4);
    }
  }
}

TEST(Explain, TellsClassesApartAndChangesNoLogit) {
  for (bool int8 : {false, true}) {
    for (Pooling pooling : {Pooling::class_token, Pooling::class_and_mean}) {
      Model model;
      load(model, vit_with(pooling, int8));
      const auto expected = logits_of(model, answer(model.config));
      const auto one = explanation_of(model, 0), other = explanation_of(model, 1);
      EXPECT_NE(one, other);
      for (float value : one) EXPECT_TRUE(std::isfinite(value));
      EXPECT_EQ(logits_of(model, answer(model.config)), expected);
    }
  }
}

TEST(Lens, EndsWithTheModelsOwnAnswer) {
  for (Pooling pooling : {Pooling::class_token, Pooling::mean_patches, Pooling::class_and_mean}) {
    Model model;
    load(model, vit_with(pooling));
    const Config& c = model.config;
    const size_t classes = static_cast<size_t>(c.classes), layers = static_cast<size_t>(c.layers);
    std::vector<float> probabilities(layers * classes), patch_probabilities(layers * 6);
    std::vector<int32_t> patch_classes(layers * 6, -1);
    look_through(model, {probabilities.data(), patch_classes.data(), patch_probabilities.data()});
    forward(model, answer(c));
    const float* expected = model.activations.probabilities;
    EXPECT_TRUE(std::equal(expected, expected + classes, probabilities.end() - static_cast<long>(classes)));
    for (size_t at = 0; at < patch_classes.size(); at++) {
      EXPECT_GE(patch_classes[at], 0);
      EXPECT_LT(patch_classes[at], c.classes);
      EXPECT_GE(patch_probabilities[at], 1 / static_cast<float>(classes) - 1e-6f);
    }
  }
}

TEST(Lens, OfEmbeddingsEndsWithTheModelsOwn) {
  Config config = vit_with(Pooling::class_token);
  config.classes = 0;
  config.joint_width = 5;
  Model model;
  load(model, config);
  const size_t layers = static_cast<size_t>(config.layers);
  std::vector<float> pictures(layers * 5), patches(layers * 6 * 5);
  look_through(model, EmbeddingLens{pictures.data(), patches.data()});
  Outputs wanted = answer(model.config);
  wanted.joint = wanted.unit_length = true;
  forward(model, wanted);
  EXPECT_TRUE(std::equal(model.activations.joint, model.activations.joint + 5, pictures.end() - 5));
  for (size_t at = 0; at < patches.size(); at += 5) {
    EXPECT_NEAR(std::inner_product(&patches[at], &patches[at] + 5, &patches[at], 0.0), 1, 1e-5);
  }
}

}  // namespace
}  // namespace vit
