// The library as a whole on odd sizes: what sanitizers see of it, and what must not depend on how data
// arrives. Its numbers are compared with PyTorch's in tests/stages.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "../../cpp/preprocess.h"
#include "../../cpp/threads.h"
#include "../../cpp/vit.h"
#include "plain_vit.h"
#include "random.h"

namespace vit {
namespace {

constexpr Config kConfig = [] {
  Config config = kPlainVit;
  config.image_height = 20, config.image_width = 15;
  config.patch_height = config.patch_width = 5;
  config.position_rows = 4, config.position_columns = 3;
  config.mlp_hidden = 21;
  config.activation = Activation::gelu;
  return config;
}();
constexpr Preprocess kPreprocess{
    ResizeMode::squash, 23, 19, Filter::bicubic, 20, 15, CropRounding::down, {}, 1 / 255.0, {0.5, 0.4, 0.3},
    {0.2, 0.3, 0.4}};

std::string send(Model& model, const WeightSlot& slot, const std::vector<float>& values, size_t chunk) {
  const auto [index, refusal] = announce(model, slot.name, "F32", slot.shape);
  if (!refusal.empty()) return refusal;
  for (size_t first = 0; first < values.size(); first += chunk) {
    const size_t count = std::min(chunk, values.size() - first);
    std::memcpy(model.staging, values.data() + first, count * sizeof(float));
    const std::string error = receive(model, index, static_cast<int>(count * sizeof(float)));
    if (!error.empty()) return error;
  }
  return "";
}

// Announces a tensor that is expected.
int slot_for(Model& model, std::string_view name, std::string_view dtype, std::span<const int> shape) {
  const auto [index, error] = announce(model, name, dtype, shape);
  EXPECT_EQ(error, "") << name;
  return index;
}

void load(Model& model, size_t chunk, const Config& config = kConfig) {
  ASSERT_EQ(begin(model, config), "");
  ASSERT_EQ(allocate(model), "");
  const std::vector<WeightSlot> slots = model.slots.slots;
  unsigned seed = 1;
  for (const WeightSlot& slot : slots) {
    if (slot.scales_of >= 0) continue;  // only along with weights that are quantized already
    size_t count = 1;
    for (int size : slot.shape) count *= static_cast<size_t>(size);
    ASSERT_EQ(send(model, slot, random_floats(count, seed++), chunk), "") << slot.name;
  }
  ASSERT_EQ(missing(model), "");
  ASSERT_EQ(finish(model), "");
}

Preprocessor preprocessor_for(const Config& config) {
  Preprocessor preprocessor;
  EXPECT_EQ(begin(preprocessor, kPreprocess, config), "");
  EXPECT_EQ(allocate(preprocessor), "");
  return preprocessor;
}

std::vector<float> classify_noise(Model& model, int width, int height, int band) {
  Preprocessor preprocessor = preprocessor_for(model.config);
  EXPECT_EQ(begin_image(preprocessor, width, height), "");
  std::vector<uint8_t> rgba;
  for (float value : random_floats(static_cast<size_t>(width) * height * 4, 99)) {
    rgba.push_back(static_cast<uint8_t>(static_cast<int>(value * 60) & 255));
  }
  const RowRange needed = preprocessor.needed_rows;
  for (int row = needed.first; row < needed.first + needed.count;) {
    const int rows = std::min(band, needed.first + needed.count - row);
    std::memcpy(model.staging, rgba.data() + static_cast<size_t>(row) * width * 4,
                static_cast<size_t>(rows) * width * 4);
    add_rows(preprocessor, model.activations.pixel_values, model.staging, rows);
    row += rows;
  }
  forward(model, answer(model.config));
  return {model.activations.logits, model.activations.logits + kConfig.classes};
}

TEST(Forward, DoesNotDependOnChunksOrBands) {
  Model one, other;
  load(one, 1);
  load(other, 10000);
  const auto expected = classify_noise(one, 61, 83, 1);
  for (float logit : expected) ASSERT_TRUE(std::isfinite(logit));
  EXPECT_EQ(classify_noise(other, 61, 83, 83), expected);
  EXPECT_EQ(classify_noise(other, 61, 83, 7), expected);
}

TEST(Forward, TakesImagesOfEverySize) {
  Model model;
  load(model, 1000);
  for (auto [width, height] : {std::pair{1, 1}, {1, 400}, {400, 1}, {19, 23}, {500, 3}, {2, 2}}) {
    for (float logit : classify_noise(model, width, height, 4)) ASSERT_TRUE(std::isfinite(logit));
  }
}

TEST(Forward, GivesTheSameLogitsWhicheverTokensAreWanted) {
  Model model;
  load(model, 1000);
  const auto expected = classify_noise(model, 33, 21, 21);
  Outputs wanted = answer(model.config);
  wanted.tokens = true;
  forward(model, wanted);
  const float* logits = model.activations.logits;
  EXPECT_EQ(std::vector<float>(logits, logits + kConfig.classes), expected);
}

TEST(Forward, IsTheSameToTheBitWithAnyNumberOfThreads) {
  std::vector<float> expected;
  for (int threads : {1, 2, 3, 5}) {
    use_threads(threads);
    Model model;
    load(model, 1000);
    for (int run = 0; run < 20; run++) {
      const std::vector<float> logits = classify_noise(model, 33, 21, 21);
      if (expected.empty()) expected = logits;
      ASSERT_EQ(logits, expected) << threads << " threads, run " << run;
    }
  }
  use_threads(1);
}

Config int8(Config config = kConfig) {
  config.int8 = true;
  return config;
}

TEST(ForwardInt8, DoesNotDependOnChunksOrThreads) {
  Model one, other;
  load(one, 1, int8());
  const auto expected = classify_noise(one, 33, 21, 21);
  use_threads(3);
  load(other, 10000, int8());
  EXPECT_EQ(classify_noise(other, 33, 21, 21), expected);
  use_threads(1);
}

// Integers are exact and floats round alike, so there is one result, whatever computes it.
TEST(ForwardInt8, IsTheSameToTheBitInEveryVariant) {
  Model model;
  load(model, 1000, int8());
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (float logit : classify_noise(model, 33, 21, 21)) {
    hash = (hash ^ std::bit_cast<uint32_t>(logit)) * 0x100000001b3;
  }
  EXPECT_EQ(hash, 631157937543856433u);
}

TEST(ForwardInt8, StaysNearSinglePrecision) {
  Model exact, rounded;
  for (const bool gated : {false, true}) {
    Config config = kConfig;
    config.gated_mlp = gated;
    config.layer_scale = gated;
    load(exact, 1000, config);
    load(rounded, 1000, int8(config));
    const auto expected = classify_noise(exact, 33, 21, 21);
    const auto logits = classify_noise(rounded, 33, 21, 21);
    EXPECT_NE(logits, expected);
    double error = 0, size = 0;
    for (size_t i = 0; i < logits.size(); i++) {
      error += (logits[i] - expected[i]) * (logits[i] - expected[i]);
      size += expected[i] * expected[i];
    }
    EXPECT_LT(std::sqrt(error / size), 0.05);
  }
}

// What a file of quantized weights holds: codes and scales, made by the scheme's own function.
void send_quantized(Model& model, const WeightSlot& slot, std::vector<float> values, size_t chunk) {
  const size_t inputs = static_cast<size_t>(slot.shape[1]);
  std::vector<int8_t> codes(values.size());
  std::vector<float> scales;
  for (size_t first = 0; first < values.size(); first += inputs) {
    scales.push_back(quantize_weights(codes.data() + first, values.data() + first, static_cast<int>(inputs)));
  }
  const int outputs[] = {slot.shape[0]};
  const int scales_slot = slot_for(model, slot.name + "_spread_scale", "F32", outputs);
  std::memcpy(model.staging, scales.data(), scales.size() * sizeof(float));
  ASSERT_EQ(receive(model, scales_slot, static_cast<int>(scales.size() * 4)), "");
  const int codes_slot = slot_for(model, slot.name, "I8", slot.shape);
  for (size_t first = 0; first < codes.size(); first += chunk) {
    const size_t count = std::min(chunk, codes.size() - first);
    std::memcpy(model.staging, codes.data() + first, count);
    ASSERT_EQ(receive(model, codes_slot, static_cast<int>(count)), "");
  }
}

TEST(ForwardInt8, TakesQuantizedWeightsToTheSameBits) {
  Model quantized_here, quantized_before;
  load(quantized_here, 1000, int8());
  ASSERT_EQ(begin(quantized_before, int8()), "");
  ASSERT_EQ(allocate(quantized_before), "");
  const std::vector<WeightSlot> slots = quantized_before.slots.slots;
  unsigned seed = 1;
  for (const WeightSlot& slot : slots) {
    if (slot.scales_of >= 0) continue;
    size_t count = 1;
    for (int size : slot.shape) count *= static_cast<size_t>(size);
    const auto values = random_floats(count, seed++);
    if (slot.quantized.inputs > 0) {
      send_quantized(quantized_before, slot, values, 100);
    } else {
      ASSERT_EQ(send(quantized_before, slot, values, 1000), "");
    }
  }
  ASSERT_EQ(missing(quantized_before), "");
  ASSERT_EQ(finish(quantized_before), "");
  EXPECT_EQ(classify_noise(quantized_before, 33, 21, 21), classify_noise(quantized_here, 33, 21, 21));
}

TEST(Forward, ShowsEveryStageInOrder) {
  Model model;
  load(model, 1000);
  std::string seen;
  forward(model, answer(model.config), {&seen, [](void* context, const Stage& stage) {
                                          *static_cast<std::string*>(context) +=
                                              std::string(stage.name) + " ";
                                        }});
  EXPECT_EQ(seen, "patches tokens blocks blocks norm pooled logits probabilities ");
}

TEST(Begin, RefusesImpossibleConfigurations) {
  const auto refused = [](auto change) {
    Config config = kConfig;
    change(config);
    Model model;
    return begin(model, config);
  };
  EXPECT_NE(refused([](Config& c) { c.heads = 4; }), "");
  EXPECT_NE(refused([](Config& c) { c.patch_width = 4; }), "");
  EXPECT_NE(refused([](Config& c) { c.layers = 0; }), "");
  EXPECT_NE(refused([](Config& c) { c.classes = 1 << 30; }), "");
  EXPECT_NE(refused([](Config& c) { c.layer_norm_eps = 0; }), "");
  // Products that would wrap to nothing in 32 bits.
  EXPECT_NE(refused([](Config& c) { c.hidden = c.heads = 65536; }), "");
  EXPECT_NE(refused([](Config& c) { c.hidden = c.mlp_hidden = 32768, c.heads = 1; }), "");
  EXPECT_NE(refused([](Config& c) { c.image_height = c.image_width = 65535; }), "");
  EXPECT_NE(refused([](Config& c) {
              c.image_height = c.image_width = 65535, c.patch_height = c.patch_width = 257;
            }),
            "");
}

TEST(Begin, LeavesTheModelAsItWasOnFailure) {
  Model model;
  load(model, 1000);
  const auto expected = classify_noise(model, 30, 30, 30);
  Config config = kConfig;
  config.heads = 4;
  EXPECT_NE(begin(model, config), "");
  EXPECT_EQ(classify_noise(model, 30, 30, 30), expected);
}

TEST(Begin, TakesNoMemoryUntilItIsAllocated) {
  Config config = kConfig;
  config.hidden = config.mlp_hidden = 9000;  // six matrices of 324 MB in every layer
  config.layers = 4;
  Model model;
  ASSERT_EQ(begin(model, config), "");
  EXPECT_EQ(model.staging, nullptr);
  EXPECT_GT(model.memory.used(), uint64_t{4} << 30);
  const int wrong[] = {18}, right[] = {9000};
  EXPECT_NE(announce(model, "norm.weight", "F32", wrong).error, "");
  const int slot = slot_for(model, "norm.weight", "F32", right);
  EXPECT_NE(receive(model, slot, 4), "");
  EXPECT_EQ(missing(model).find("\nnorm.weight"), std::string::npos);
  EXPECT_NE(missing(model).find("\nnorm.bias"), std::string::npos);
}

TEST(BeginImage, HasRoomForTheWidestImageThatIsResizedVerticallyFirst) {
  Preprocessor preprocessor = preprocessor_for(kConfig);
  ASSERT_EQ(begin_image(preprocessor, 16390, 32767), "");
  ASSERT_TRUE(preprocessor.vertical_first);
  const std::vector<uint8_t> row(size_t{4} * 16390);
  std::vector<float> pixel_values(size_t{3} * 20 * 15);
  for (int i = 0; i < 100; i++) add_rows(preprocessor, pixel_values.data(), row.data(), 1);
}

TEST(BeginPreprocessor, RefusesSettingsThatDoNotFitTheModel) {
  Preprocessor preprocessor = preprocessor_for(kConfig);
  Config config = kConfig;
  config.image_height = 25;  // the crop gives another size
  EXPECT_NE(begin(preprocessor, kPreprocess, config), "");
  EXPECT_EQ(begin_image(preprocessor, 30, 30), "") << "left as it was";
}

TEST(BeginImage, RefusesWhatHasNoPixelsOrTooMany) {
  Model model;
  load(model, 1000);
  Preprocessor preprocessor = preprocessor_for(model.config);
  EXPECT_NE(begin_image(preprocessor, 0, 0), "");
  EXPECT_NE(begin_image(preprocessor, 5, 0), "");
  EXPECT_NE(begin_image(preprocessor, -1, 5), "");
  EXPECT_NE(begin_image(preprocessor, 32768, 5), "");
  classify_noise(model, 32767, 2, 1);
}

}  // namespace
}  // namespace vit
