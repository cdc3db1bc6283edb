// Swin Transformers on odd sizes: what sanitizers see, and what must not depend on threads. Their numbers are
// compared with transformers' and timm's in tests/families.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "../../cpp/swin/stages.h"
#include "../../cpp/swin/window_attention.h"
#include "../../cpp/threads.h"
#include "../../cpp/vit.h"
#include "plain_vit.h"
#include "random_model.h"

namespace vit {
namespace {

// A grid of 9 × 7 tokens in windows of 4, then one of 5 × 4 in windows of 3.
Config swin(bool cosine, bool int8 = false) {
  Config c = kPlainVit;
  c.image_height = 18, c.image_width = 14;
  c.patch_height = c.patch_width = 2;
  c.position_rows = 9, c.position_columns = 7;
  c.hidden = 24;
  c.mlp_hidden = 44;
  c.layers = 4;
  c.heads = 4;
  c.class_token = false;
  c.positioned_prefix = 0;
  c.pre_norm = true;
  c.key_bias = !cosine;
  c.pooling = Pooling::mean_patches;
  c.windows.stages = {{{2, 2, 4, 2, 0}, {2, 4, 3, 1, 5}}};
  c.windows.count = 2;
  c.windows.cosine = cosine;
  c.int8 = int8;
  return c;
}

std::vector<float> logits_of_noise(Model& model) {
  const Config& c = model.config;
  const auto pixels = random_floats(static_cast<size_t>(kChannels * c.image_height * c.image_width), 99);
  std::copy(pixels.begin(), pixels.end(), model.activations.pixel_values);
  forward(model, answer(c));
  return {model.activations.logits, model.activations.logits + c.classes};
}

class Swin : public testing::TestWithParam<std::tuple<bool, bool>> {
 protected:
  Config config() const { return swin(std::get<0>(GetParam()), std::get<1>(GetParam())); }
};

TEST_P(Swin, IsTheSameToTheBitWithAnyNumberOfThreads) {
  std::vector<float> expected;
  for (int threads : {1, 2, 3, 5}) {
    use_threads(threads);
    Model model;
    load_random_weights(model, config());
    for (int run = 0; run < 5; run++) {
      const std::vector<float> logits = logits_of_noise(model);
      for (float logit : logits) ASSERT_TRUE(std::isfinite(logit));
      if (expected.empty()) expected = logits;
      ASSERT_EQ(logits, expected) << threads << " threads, run " << run;
    }
  }
  use_threads(1);
}

INSTANTIATE_TEST_SUITE_P(Versions, Swin, testing::Combine(testing::Bool(), testing::Bool()));

// Integers are exact and floats round alike, so there is one result, whatever computes it.
TEST(SwinInt8, IsTheSameToTheBitInEveryVariant) {
  const uint64_t expected[] = {9062791253925953643u, 17862489159470966250u};
  for (bool cosine : {false, true}) {
    Model model;
    load_random_weights(model, swin(cosine, true));
    uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    for (float logit : logits_of_noise(model)) {
      hash = (hash ^ std::bit_cast<uint32_t>(logit)) * 0x100000001b3;
    }
    EXPECT_EQ(hash, expected[cosine]);
  }
}

TEST(SwinWindows, TakeEveryTokenThereAndBack) {
  for (const WindowGrid& grid :
       {WindowGrid{9, 7, 4, 0}, {9, 7, 4, 2}, {4, 4, 4, 0}, {5, 4, 7, 3}, {6, 6, 3, 1}}) {
    constexpr int kWidth = 3;
    const size_t count = static_cast<size_t>(grid.rows * grid.columns * kWidth);
    const std::vector<float> tokens = random_floats(count, 7);
    std::vector<float> windowed(static_cast<size_t>(windowed_tokens(grid) * kWidth), 5), back(count);
    into_windows(windowed.data(), tokens.data(), grid, kWidth);
    from_windows(back.data(), windowed.data(), grid, kWidth);
    EXPECT_EQ(back, tokens);
    // The first window begins where the shift has moved the grid to.
    const float* first = tokens.data() + (grid.shift * grid.columns + grid.shift) * kWidth;
    EXPECT_EQ(windowed[0], first[0]);
    const auto zeros = std::count(windowed.begin(), windowed.end(), 0.0f);
    EXPECT_EQ(zeros, static_cast<std::ptrdiff_t>(windowed.size() - count));
  }
}

TEST(SwinConfig, IsRefusedForWhatCannotBe) {
  const auto complaint = [](auto change) {
    Config c = swin(false);
    change(c);
    return check(c);
  };
  EXPECT_EQ(complaint([](Config&) {}), "");
  EXPECT_NE(complaint([](Config& c) { c.hidden = 20, c.windows.count = 3; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.stages[0].blocks = 0; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.stages[0].heads = 5; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.stages[0].window = 0; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.stages[0].window = 8; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.stages[1].shift = 3; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.count = 5; }), "");
  EXPECT_NE(complaint([](Config& c) { c.windows.as_timm = true; }), "");
  EXPECT_NE(complaint([](Config& c) { c.pooling = Pooling::mean_tokens; }), "");
  EXPECT_NE(complaint([](Config& c) { c.registers = 1; }), "");
}

}  // namespace
}  // namespace vit
