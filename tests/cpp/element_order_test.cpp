// Tensors that are stored otherwise than the engine expects them end up in the same places.
#include "../../cpp/element_order.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "../../cpp/vit.h"
#include "random.h"

namespace vit {
namespace {

Config small_config() {
  Config c{};
  c.image_height = 20, c.image_width = 15;
  c.patch_height = c.patch_width = 5;
  c.position_rows = 4, c.position_columns = 3;
  c.hidden = 18, c.layers = 1, c.heads = 3, c.mlp_hidden = 21, c.classes = 7;
  c.layer_norm_eps = 1e-6f;
  c.class_token = c.patch_bias = c.qkv_bias = c.projection_bias = c.final_norm = true;
  c.positioned_prefix = 1;
  return c;
}

struct Case {
  const char* slot;
  std::vector<int> shape;
  std::vector<Axis> order;
};

// As Flax stores them: [inputs, outputs], [inputs, heads, head_size], [heads, head_size, outputs], HWIO; and
// column-major arrays of NumPy.
const Case kCases[] = {
    {"blocks.0.mlp.fc1.weight", {21, 18}, {{18, 1}, {21, 18}}},
    {"blocks.0.attn.q.weight", {18, 18}, {{18, 1}, {3, 6 * 18}, {6, 18}}},
    {"blocks.0.attn.proj.weight", {18, 18}, {{3, 6}, {6, 1}, {18, 18}}},
    {"patch_embed.proj.weight", {18, 3, 5, 5}, {{5, 5}, {5, 1}, {3, 25}, {18, 75}}},
    {"pos_embed", {1, 13, 18}, {{18, 1}, {13, 18}, {1, 234}}},
    {"head.weight", {7, 18}, {{7, 18}, {18, 1}}},
};

std::vector<float> in_order(const std::vector<float>& values, ElementOrder order) {
  std::vector<float> stored;
  for (uint64_t i = 0; i < values.size(); i++) stored.push_back(values[run_from(order, i, 1).first]);
  return stored;
}

void send(Model& model, const Case& what, const std::vector<float>& values, ElementOrder order,
          size_t chunk) {
  const auto [slot, refusal] = announce(model, what.slot, "F32", what.shape, order);
  ASSERT_EQ(refusal, "") << what.slot;
  for (size_t first = 0; first < values.size(); first += chunk) {
    const size_t count = std::min(chunk, values.size() - first);
    std::memcpy(model.staging, values.data() + first, count * sizeof(float));
    ASSERT_EQ(receive(model, slot, static_cast<int>(count * sizeof(float))), "") << what.slot;
  }
}

std::vector<char> memory_after(const Case& what, const std::vector<float>& values, ElementOrder order,
                               size_t chunk) {
  Model model;
  EXPECT_EQ(begin(model, small_config()), "");
  EXPECT_EQ(allocate(model), "");
  send(model, what, values, order, chunk);
  const char* start = reinterpret_cast<const char*>(model.weights.input.patch_embed.panels);
  const size_t bytes = static_cast<size_t>(reinterpret_cast<const char*>(model.staging) - start);
  std::memset(model.staging, 0, kStagingBytes);
  return {start, start + bytes};
}

TEST(ElementOrder, PutsEveryValueInItsPlace) {
  for (const Case& what : kCases) {
    size_t count = 1;
    for (int size : what.shape) count *= static_cast<size_t>(size);
    const std::vector<float> values = random_floats(count, 5);
    const auto expected = memory_after(what, values, {}, count);
    for (size_t chunk : {size_t{1}, size_t{5}, size_t{1030}}) {
      EXPECT_EQ(memory_after(what, in_order(values, what.order), what.order, chunk), expected) << what.slot;
    }
  }
}

TEST(ElementOrder, IsRefusedWhenItDoesNotFit) {
  const auto fits_six = [](std::vector<Axis> order) { return fits(order, 6); };
  EXPECT_TRUE(fits_six({}));
  EXPECT_TRUE(fits_six({{3, 1}, {2, 3}}));
  EXPECT_FALSE(fits_six({{3, 2}, {2, 3}}));  // would end at 7
  EXPECT_FALSE(fits_six({{3, 1}}));
  EXPECT_FALSE(fits_six({{6, 1}, {2, 0}}));
  EXPECT_FALSE(fits_six({{6, -1}}));
  EXPECT_FALSE(fits_six({{-3, 1}, {-2, 3}}));
  EXPECT_FALSE(fits_six({{1 << 30, 1 << 30}, {1 << 30, 1 << 30}, {1 << 30, 1 << 30}}));
}

}  // namespace
}  // namespace vit
