// Which tensors a model expects, and how they are found.
#include "../../cpp/weight_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "plain_vit.h"

namespace vit {
namespace {

WeightSlots slots_of(const Config& config) {
  Arena measuring;
  return weight_slots(lay_out_weights(measuring, config), config);
}

TEST(WeightSlots, AreFoundByName) {
  Config config = kPlainVit;
  config.layers = 120;  // block numbers of one, two and three digits
  config.int8 = true;
  const WeightSlots table = slots_of(config);
  for (int i = 0; i < static_cast<int>(table.slots.size()); i++) {
    EXPECT_EQ(find(table, table.slots[static_cast<size_t>(i)].name), i);
  }
  for (const char* name : {"", "a", "zzz", "norm.weigh", "norm.weights", "blocks.120.norm1.weight"}) {
    EXPECT_EQ(find(table, name), -1) << name;
  }
}

TEST(WeightSlots, HaveNamesOfTheirOwn) {
  Config config = kPlainVit;
  config.distillation_token = config.pre_norm = config.qk_norm = config.layer_scale = config.gated_mlp = true;
  config.pooled_norm = config.int8 = true;
  config.registers = 2, config.pre_logits = 5;
  const WeightSlots table = slots_of(config);
  std::set<std::string> names;
  for (const WeightSlot& slot : table.slots) names.insert(slot.name);
  EXPECT_EQ(names.size(), table.slots.size());
}

TEST(WeightSlots, AreMissingUntilTheyAreAnnounced) {
  WeightSlots table = slots_of(kPlainVit);
  EXPECT_EQ(std::ranges::count(missing(table), '\n') + 1, static_cast<long>(table.slots.size()));
  for (WeightSlot& slot : table.slots) slot.announced = StoredValues{};
  EXPECT_EQ(missing(table), "");
}

TEST(WeightSlots, ExpectScalesOnlyOfQuantizedWeights) {
  Config config = kPlainVit;
  config.int8 = true;
  WeightSlots table = slots_of(config);
  const auto scales = [&table] { return missing(table).find("blocks.0.attn.k.weight_spread_scale"); };
  EXPECT_EQ(scales(), std::string::npos);
  table.slots[static_cast<size_t>(find(table, "blocks.0.attn.k.weight"))].announced = {
      DataType::f32, true, {}};
  EXPECT_NE(scales(), std::string::npos);
  table.slots[static_cast<size_t>(find(table, "blocks.0.attn.k.weight_spread_scale"))].announced =
      StoredValues{};
  EXPECT_EQ(scales(), std::string::npos);
}

TEST(WeightSlots, AreIncompleteUntilEveryValueHasArrived) {
  WeightSlots table = slots_of(kPlainVit);
  for (WeightSlot& slot : table.slots) slot.received = element_count(slot);
  EXPECT_EQ(incomplete(table), "");
  table.slots[static_cast<size_t>(find(table, "norm.bias"))].received--;
  EXPECT_EQ(incomplete(table), "norm.bias has 17 of its 18 values");
}

}  // namespace
}  // namespace vit
