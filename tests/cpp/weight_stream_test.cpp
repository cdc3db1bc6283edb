// What is refused of tensors and of their chunks, and what a refusal leaves behind. That values end up where
// they belong is checked in element_order_test.cpp and by every forward pass.
#include "../../cpp/weight_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "../../cpp/vit.h"
#include "plain_vit.h"
#include "random.h"

namespace vit {
namespace {

constexpr int kWidth[] = {18}, kMatrix[] = {18, 18};

Config int8_vit() {
  Config config = kPlainVit;
  config.int8 = true;
  return config;
}

class Stream : public testing::Test {
 protected:
  void SetUp() override { start(kPlainVit); }

  void start(const Config& config) {
    ASSERT_EQ(begin(model, config), "");
    ASSERT_EQ(allocate(model), "");
  }

  int slot(std::string_view name, std::string_view dtype, std::span<const int> shape) {
    const auto [index, error] = announce(model, name, dtype, shape);
    EXPECT_EQ(error, "");
    return index;
  }

  std::string refusal(std::string_view name, std::string_view dtype, std::span<const int> shape,
                      ElementOrder order = {}) {
    const auto [index, error] = announce(model, name, dtype, shape, order);
    EXPECT_EQ(index, -1);
    return error;
  }

  std::string send(int index, const std::vector<float>& values) {
    std::memcpy(model.staging, values.data(), values.size() * sizeof(float));
    return receive(model, index, static_cast<int>(values.size() * sizeof(float)));
  }

  uint64_t received(int index) const { return model.slots.slots[static_cast<size_t>(index)].received; }

  Model model;
};

TEST_F(Stream, NamesWhatIsWrongWithATensor) {
  const int wrong[] = {3, 6};
  const Axis order[] = {{3, 1}};
  EXPECT_EQ(refusal("norm.gamma", "F32", kWidth), "is not a tensor of this model");
  EXPECT_EQ(refusal("norm.weight", "F32", wrong), "has shape [3, 6], but the configuration asks for [18]");
  EXPECT_EQ(refusal("norm.weight", "I8", kWidth), "has dtype I8; F32, F16, BF16 and F64 are understood");
  EXPECT_EQ(refusal("norm.weight", "F32", kWidth, order),
            "is stored in an order that does not fit its shape");
  EXPECT_NE(missing(model).find("\nnorm.weight"), std::string::npos);
  slot("norm.weight", "F32", kWidth);
  EXPECT_EQ(missing(model).find("\nnorm.weight"), std::string::npos);
  EXPECT_EQ(refusal("norm.weight", "F32", kWidth), "duplicates another tensor");
}

TEST_F(Stream, AllowsLeadingAxesOfOne) {
  const int token[] = {18}, positions[] = {7, 18}, turned[] = {18, 1};
  refusal("cls_token", "F32", turned);
  slot("cls_token", "F32", token);
  slot("pos_embed", "F32", positions);
}

TEST_F(Stream, RefusesChunksOfTheWrongSize) {
  EXPECT_EQ(receive(model, -1, 4), "is not a tensor of this model");
  EXPECT_EQ(receive(model, 100000, 4), "is not a tensor of this model");
  EXPECT_EQ(receive(model, 0, 4), "was not announced");
  const int norm = slot("norm.weight", "F32", kWidth);
  EXPECT_EQ(send(norm, std::vector<float>(5, 1)), "");
  EXPECT_EQ(receive(model, norm, 3), "came in a chunk that splits an element");
  EXPECT_EQ(receive(model, norm, -4), "came in a chunk that splits an element");
  EXPECT_EQ(receive(model, norm, 14 * 4), "has too many bytes");
  EXPECT_EQ(receive(model, norm, kStagingBytes + 4), "came in a chunk larger than the staging buffer");
  EXPECT_EQ(received(norm), 5u);
  EXPECT_EQ(send(norm, std::vector<float>(13, 1)), "");
  EXPECT_EQ(received(norm), 18u);
  EXPECT_NE(finish(model), "");
}

TEST_F(Stream, DiscardsATensorThatIsNotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  const int norm = slot("norm.weight", "F32", kWidth);
  const int other = slot("norm.bias", "F32", kWidth);
  ASSERT_EQ(send(other, std::vector<float>(18, 1)), "");
  for (const float bad : {infinity, -infinity, std::nanf("")}) {
    ASSERT_EQ(send(norm, {1, 2, 3}), "");
    EXPECT_EQ(send(norm, {4, bad, 6}), "has a value that is infinite or not a number");
    EXPECT_EQ(received(norm), 0u);
  }
  EXPECT_EQ(received(other), 18u);
  const std::vector<float> values = random_floats(18, 3);
  ASSERT_EQ(send(norm, values), "");
  EXPECT_TRUE(std::equal(values.begin(), values.end(), model.weights.head.norm.weight));
}

TEST_F(Stream, TakesOneRowToQuantizeAtATime) {
  start(int8_vit());
  const int q = slot("blocks.0.attn.q.weight", "F32", kMatrix);
  const int k = slot("blocks.0.attn.k.weight", "F32", kMatrix);
  const int bias = slot("blocks.0.attn.k.bias", "F32", kWidth);
  ASSERT_EQ(send(q, std::vector<float>(17, 1)), "");
  EXPECT_EQ(send(k, {1}), "came before a row of another tensor was complete");
  EXPECT_EQ(send(bias, {1}), "");
  ASSERT_EQ(send(q, {1}), "");
  EXPECT_EQ(send(k, {1}), "");
}

TEST_F(Stream, GivesUpTheRowOfADiscardedTensor) {
  start(int8_vit());
  const int q = slot("blocks.0.attn.q.weight", "F32", kMatrix);
  const int k = slot("blocks.0.attn.k.weight", "F32", kMatrix);
  ASSERT_EQ(send(q, std::vector<float>(7, 1)), "");
  EXPECT_NE(send(q, {std::nanf("")}), "");
  EXPECT_EQ(send(k, {1}), "");
}

TEST_F(Stream, QuantizesADiscardedTensorAsIfItHadArrivedAtOnce) {
  start(int8_vit());
  const int q = slot("blocks.0.attn.q.weight", "F32", kMatrix);
  const int k = slot("blocks.0.attn.k.weight", "F32", kMatrix);
  std::vector<float> values = random_floats(18 * 18, 4);
  ASSERT_EQ(send(k, values), "");
  std::vector<float> damaged = values;
  damaged.back() = std::nanf("");
  EXPECT_NE(send(q, damaged), "");
  ASSERT_EQ(send(q, values), "");
  const QuantizedMatrix& once = model.weights.encoder.blocks[0].k.int8;
  const QuantizedMatrix& again = model.weights.encoder.blocks[0].q.int8;
  EXPECT_TRUE(std::equal(once.panels, once.panels + quantized_bytes(18, 18), again.panels));
}

TEST_F(Stream, TakesOnlyCodesThatTheProductCanSum) {
  start(int8_vit());
  const int head[] = {7, 18};
  const Axis order[] = {{18, 1}, {18, 18}};
  EXPECT_EQ(refusal("head.weight", "I8", head), "has dtype I8; F32, F16, BF16 and F64 are understood");
  EXPECT_EQ(refusal("blocks.0.attn.k.weight", "I8", kMatrix, order),
            "is quantized, so it has to be stored row by row");
  const int k = slot("blocks.0.attn.k.weight", "I8", kMatrix);
  EXPECT_EQ(receive(model, k, 18 * 18 + 1), "has too many bytes");
  std::fill_n(model.staging, 18, uint8_t{127});
  EXPECT_EQ(receive(model, k, 18),
            "is quantized in another way than this library's: convert the original weights again");
  std::fill_n(model.staging, 18, uint8_t{1});
  EXPECT_EQ(receive(model, k, 18), "");
  EXPECT_EQ(received(k), 18u);
}

TEST(StreamOfALargeMatrix, IsNotCollectedOutsideOfTheArena) {
  Config config = int8_vit();
  config.hidden = 8193, config.mlp_hidden = 8192;
  Model unallocated;
  ASSERT_EQ(begin(unallocated, config), "");
  const int shape[] = {8192, 8193};
  const Axis columns[] = {{8193, 1}, {8192, 8193}};
  EXPECT_EQ(announce(unallocated, "blocks.0.mlp.fc1.weight", "F32", shape, columns).error,
            "is too large to be quantized in the order it is stored in: load it as fp32");
  EXPECT_EQ(announce(unallocated, "blocks.0.mlp.fc1.weight", "F32", shape).error, "");
}

TEST_F(Stream, KeepsAnnouncementsWhenMemoryIsAllocated) {
  Model unallocated;
  ASSERT_EQ(begin(unallocated, int8_vit()), "");
  const auto [q, error] = announce(unallocated, "blocks.0.attn.q.weight", "I8", kMatrix);
  ASSERT_EQ(error, "");
  EXPECT_EQ(receive(unallocated, q, 0), "came before there was memory for it");
  const std::string before = missing(unallocated);
  ASSERT_EQ(allocate(unallocated), "");
  EXPECT_EQ(missing(unallocated), before);
  std::fill_n(unallocated.staging, 18, uint8_t{1});
  EXPECT_EQ(receive(unallocated, q, 18), "");
}

}  // namespace
}  // namespace vit
