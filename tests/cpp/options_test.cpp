// The network with each of its options: what sanitizers see of them, and what must be equal by the options'
// meaning. Their numbers are compared with transformers' and timm's in tests/families.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "../../cpp/vit.h"
#include "plain_vit.h"
#include "random.h"

namespace vit {
namespace {

struct Option {
  const char* name;
  void (*choose)(Config& config);
};

const Option kOptions[] = {
    {"nothing", [](Config&) {}},
    {"no class token",
     [](Config& c) {
       c.class_token = false, c.positioned_prefix = 0;
       c.pooling = Pooling::mean_tokens;
     }},
    {"positions of patches alone", [](Config& c) { c.positioned_prefix = 0, c.registers = 3; }},
    {"registers behind the positions", [](Config& c) { c.registers = 4; }},
    {"registers with positions", [](Config& c) { c.registers = 2, c.positioned_prefix = 3; }},
    {"two heads",
     [](Config& c) {
       c.distillation_token = true, c.positioned_prefix = 2;
       c.pooling = Pooling::class_and_distillation;
     }},
    {"class token and mean", [](Config& c) { c.pooling = Pooling::class_and_mean, c.registers = 1; }},
    {"mean of patches, normed",
     [](Config& c) { c.pooling = Pooling::mean_patches, c.final_norm = false, c.pooled_norm = true; }},
    {"rotary positions alone, by centers",
     [](Config& c) {
       c.hidden = 24, c.learned_positions = false, c.positioned_prefix = 0, c.registers = 2;
       c.rotary = {.theta = 100};
     }},
    {"rotary positions by a reference grid, too",
     [](Config& c) {
       c.hidden = 24;
       c.rotary = {.theta = 10000,
                   .pairs = RotationPairs::neighbors,
                   .coordinates = RotaryCoordinates::reference,
                   .offset = 1,
                   .reference_rows = 5,
                   .reference_columns = 7,
                   .columns_first = true};
     }},
    {"relative positions of each block",
     [](Config& c) {
       c.learned_positions = false, c.positioned_prefix = 0;
       c.relative_positions = RelativePositions::per_block;
     }},
    {"relative positions that all blocks share, of another grid, without prefix tokens",
     [](Config& c) {
       c.learned_positions = c.class_token = false, c.positioned_prefix = 0;
       c.pooling = Pooling::mean_tokens;
       c.relative_positions = RelativePositions::shared;
       c.position_rows = 5, c.position_columns = 4;
     }},
    {"rotary positions of learned frequencies",
     [](Config& c) {
       c.hidden = 24, c.learned_positions = false, c.positioned_prefix = 0;
       c.rotary = {.theta = 10, .learned = true, .coordinates = RotaryCoordinates::reference};
     }},
    {"relative positions that a network of each block computes",
     [](Config& c) {
       c.learned_positions = false, c.positioned_prefix = 0;
       c.relative_positions = RelativePositions::per_block, c.distance_width = 11;
     }},
    {"relative positions that one network computes, of another grid",
     [](Config& c) {
       c.learned_positions = c.class_token = false, c.positioned_prefix = 0;
       c.pooling = Pooling::mean_tokens;
       c.relative_positions = RelativePositions::shared, c.distance_width = 5;
       c.position_rows = 5, c.position_columns = 4;
     }},
    {"norms after", [](Config& c) { c.block_order = BlockOrder::norms_after; }},
    {"attention beside the MLP",
     [](Config& c) { c.block_order = BlockOrder::parallel, c.layer_scale = true; }},
    {"norms by the mean square",
     [](Config& c) { c.rms_norm = c.qk_norm = c.mlp_norm = c.attention_norm = true; }},
    {"attention pooling of other heads", [](Config& c) { c.pooling = Pooling::attention, c.pool_heads = 2; }},
    {"a norm of the patches", [](Config& c) { c.patch_norm = true; }},
    {"no positions", [](Config& c) { c.learned_positions = false, c.positioned_prefix = 0; }},
    {"keys without a bias", [](Config& c) { c.key_bias = false; }},
    {"norms within attention and the MLP",
     [](Config& c) { c.attention_norm = c.mlp_norm = c.gated_mlp = true; }},
    {"norms of queries and keys", [](Config& c) { c.qk_norm = true; }},
    {"LayerScale", [](Config& c) { c.layer_scale = true; }},
    {"gated MLP", [](Config& c) { c.gated_mlp = true; }},
    {"norm before", [](Config& c) { c.pre_norm = true; }},
    {"no biases", [](Config& c) { c.patch_bias = c.qkv_bias = c.projection_bias = false; }},
    {"a layer before the head", [](Config& c) { c.pre_logits = 11; }},
    {"independent classes", [](Config& c) { c.multi_label = true; }},
    {"another grid", [](Config& c) { c.position_rows = c.position_columns = 5; }},
    {"another grid, antialiased",
     [](Config& c) {
       c.position_rows = 9, c.position_columns = 1, c.position_resampling = Resampling::bicubic_antialiased;
     }},
    {"no head", [](Config& c) { c.classes = 0; }},
    {"everything",
     [](Config& c) {
       c.distillation_token = c.pre_norm = c.qk_norm = c.layer_scale = c.gated_mlp = c.pooled_norm = true;
       c.registers = 2, c.positioned_prefix = 1, c.pooling = Pooling::class_and_mean, c.pre_logits = 5;
       c.position_rows = 4, c.multi_label = true, c.patch_bias = false;
     }},
};

// Sends every tensor, `floats` at a time: random numbers that depend on its name alone, or `value`.
void load(Model& model, const Config& config, size_t floats, float layer_scale = 0) {
  ASSERT_EQ(begin(model, config), "");
  ASSERT_EQ(allocate(model), "");
  const std::vector<WeightSlot> slots = model.slots.slots;
  for (const WeightSlot& slot : slots) {
    size_t count = 1;
    for (int size : slot.shape) count *= static_cast<size_t>(size);
    unsigned seed = 1;
    for (char letter : slot.name) seed = seed * 31 + static_cast<unsigned char>(letter);
    auto values = random_floats(count, seed);
    if (layer_scale != 0 && slot.name.ends_with("gamma")) values.assign(count, layer_scale);
    const auto [index, refusal] = announce(model, slot.name, "F32", slot.shape);
    ASSERT_EQ(refusal, "") << slot.name;
    for (size_t first = 0; first < count; first += floats) {
      const size_t part = std::min(floats, count - first);
      std::memcpy(model.staging, values.data() + first, part * sizeof(float));
      ASSERT_EQ(receive(model, index, static_cast<int>(part * sizeof(float))), "") << slot.name;
    }
  }
  ASSERT_EQ(finish(model), "");
  const auto pixels = random_floats(static_cast<size_t>(3) * config.image_height * config.image_width, 9);
  std::copy(pixels.begin(), pixels.end(), model.activations.pixel_values);
}

std::vector<float> logits_of(Model& model, bool tokens = false) {
  Outputs wanted = answer(model.config);
  wanted.tokens = tokens;
  forward(model, wanted);
  return {model.activations.logits, model.activations.logits + model.config.classes};
}

void embed(Model& model, Pooling pooling, bool unit_length) {
  forward(model, {.pooling = pooling, .unit_length = unit_length});
}

std::vector<float> pooled_of(const Model& model, Pooling pooling) {
  const float* pooled = model.activations.pooled;
  return {pooled, pooled + pooled_vectors(pooling) * model.config.hidden};
}

class Options : public testing::TestWithParam<Option> {
 protected:
  Config config() const {
    Config changed = kPlainVit;
    GetParam().choose(changed);
    return changed;
  }
};
INSTANTIATE_TEST_SUITE_P(Each, Options, testing::ValuesIn(kOptions),
                         [](const auto& test) { return "Option" + std::to_string(test.index); });

TEST_P(Options, GiveTheSameHoweverWeightsArriveAndWhicheverTokensAreWanted) {
  SCOPED_TRACE(GetParam().name);
  Model one, other;
  load(one, config(), 1000000);
  load(other, config(), 7);
  const auto expected = logits_of(one);
  const auto pooled = pooled_of(one, config().pooling);
  for (float value : pooled) ASSERT_TRUE(std::isfinite(value));
  for (float value : expected) ASSERT_TRUE(std::isfinite(value));
  EXPECT_EQ(logits_of(other), expected);
  EXPECT_EQ(logits_of(one, true), expected);
  EXPECT_EQ(pooled_of(one, config().pooling), pooled);
}

TEST_P(Options, ChangeTheAnswers) {
  if (config().classes != kPlainVit.classes || GetParam().name == kOptions[0].name) return;
  Model with, without;
  load(with, config(), 1000000);
  load(without, kPlainVit, 1000000);
  forward(with, answer(with.config));
  forward(without, answer(without.config));
  const float* a = with.activations.probabilities;
  const float* b = without.activations.probabilities;
  // Softmax cancels what a query's scores have in common: of the keys' biases only rounding is left.
  if (!config().key_bias) {
    for (int i = 0; i < kPlainVit.classes; i++) EXPECT_NEAR(a[i], b[i], 1e-5) << GetParam().name;
    return;
  }
  EXPECT_FALSE(std::equal(a, a + kPlainVit.classes, b)) << GetParam().name;
}

TEST_P(Options, SettleOnceIsSettledForGood) {
  Model model;
  load(model, config(), 1000000);
  const auto expected = logits_of(model);
  ASSERT_EQ(finish(model), "");
  EXPECT_EQ(logits_of(model), expected);
}

TEST_P(Options, EmbedAsTheyPool) {
  Model model;
  load(model, config(), 1000000);
  forward(model, answer(model.config));
  const auto expected = pooled_of(model, config().pooling);
  embed(model, config().pooling, false);
  EXPECT_EQ(pooled_of(model, config().pooling), expected);

  embed(model, config().pooling, true);
  double squares = 0;
  for (float value : pooled_of(model, config().pooling)) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares, 1, 1e-5);
}

TEST(LayerScale, OfOneChangesNothing) {
  Config scaled = kPlainVit;
  scaled.layer_scale = true;
  Model with, without;
  load(with, scaled, 1000000, 1.0f);
  load(without, kPlainVit, 1000000);
  EXPECT_EQ(logits_of(with), logits_of(without));
}

TEST(LayerScale, OfNothingLeavesOnlyTheTokens) {
  Config scaled = kPlainVit;
  scaled.layer_scale = true;
  Model model;
  load(model, scaled, 1000000, 1e-30f);
  std::vector<float> seen[2];
  const auto see = [](void* context, const Stage& stage) {
    auto& kept = static_cast<std::vector<float>*>(context)[stage.name == "tokens" ? 0 : 1];
    if (stage.name == "tokens" || stage.name == "blocks") {
      kept.assign(stage.data, stage.data + stage.rows * stage.columns);
    }
  };
  forward(model, {.tokens = true}, {seen, see});
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Pooling, OfTheMeanIsTheMeanOfTheTokens) {
  Config config = kPlainVit;
  config.registers = 2;
  Model model;
  load(model, config, 1000000);
  embed(model, Pooling::mean_patches, false);
  const float* first = model.activations.normed + 3 * config.hidden;
  for (int i = 0; i < config.hidden; i++) {
    double sum = 0;
    for (int patch = 0; patch < 6; patch++) sum += first[patch * config.hidden + i];
    EXPECT_NEAR(model.activations.pooled[i], sum / 6, 1e-6);
  }
}

TEST(Check, RefusesWhatHasNoMeaning) {
  const auto refused = [](auto change) {
    Config config = kPlainVit;
    change(config);
    return check(config);
  };
  EXPECT_EQ(refused([](Config&) {}), "");
  EXPECT_NE(refused([](Config& c) { c.positioned_prefix = 2; }), "");
  EXPECT_NE(refused([](Config& c) { c.class_token = false, c.positioned_prefix = 0; }), "");
  EXPECT_NE(refused([](Config& c) { c.pooling = Pooling::class_and_distillation; }), "");
  EXPECT_NE(refused([](Config& c) { c.registers = -1; }), "");
  EXPECT_NE(refused([](Config& c) { c.registers = 65536; }), "");
  EXPECT_NE(refused([](Config& c) { c.position_rows = 0; }), "");
  EXPECT_NE(refused([](Config& c) { c.position_rows = c.position_columns = 65536; }), "");
  EXPECT_NE(refused([](Config& c) { c.classes = -1; }), "");
  EXPECT_NE(refused([](Config& c) { c.rotary.theta = 100; }), "");  // a head has 6 channels
  EXPECT_NE(refused([](Config& c) { c.rotary.theta = -1; }), "");
  EXPECT_NE(refused([](Config& c) { c.hidden = 24, c.rotary.theta = 0.5f; }), "");
  EXPECT_NE(refused([](Config& c) { c.rotary = {.theta = 100, .reference_rows = -1}; }), "");
  EXPECT_NE(refused([](Config& c) { c.learned_positions = false; }), "");
  EXPECT_NE(refused([](Config& c) { c.distance_width = 65537; }), "");
  EXPECT_NE(refused([](Config& c) { c.distance_width = -1; }), "");
  // Two weights for each of 65,536 inputs are a small file.
  EXPECT_NE(refused([](Config& c) {
              c.image_height = c.image_width = 1024, c.layers = 1;
              c.relative_positions = RelativePositions::shared, c.distance_width = 65536;
            }),
            "");
  EXPECT_EQ(refused([](Config& c) {  // timm's relpos, at 1024 pixels
              c.image_height = c.image_width = 256, c.hidden = 384, c.heads = 6, c.layers = 12;
              c.relative_positions = RelativePositions::per_block, c.distance_width = 512;
            }),
            "");
  EXPECT_NE(refused([](Config& c) { c.pool_heads = 5; }), "");
  EXPECT_NE(refused([](Config& c) { c.pre_logits = 65536, c.classes = 65536; }), "");
}

}  // namespace
}  // namespace vit
