#include "arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace vit {
namespace {

size_t count_set(const std::byte* bytes, size_t count) {
  return static_cast<size_t>(
      std::count_if(bytes, bytes + count, [](std::byte b) { return b != std::byte{0}; }));
}

// Leaves memory behind that is free, of many sizes, and anything but zero.
void make_waste() {
  std::vector<std::vector<std::byte>> waste;
  for (size_t size = 1; size < (1 << 22); size = size * 3 + 1) waste.emplace_back(size, std::byte{0xff});
}

TEST(Arena, HandsOutWhatWasMeasured) {
  Arena arena;
  EXPECT_EQ(arena.take<float>(1), nullptr);
  EXPECT_EQ(arena.take<uint8_t>(65), nullptr);
  EXPECT_EQ(arena.used(), 64 + 128);
  ASSERT_TRUE(arena.reserve());
  const float* first = arena.take<float>(1);
  const uint8_t* second = arena.take<uint8_t>(65);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0);
  EXPECT_EQ(reinterpret_cast<const uint8_t*>(first) + 64, second);
  EXPECT_EQ(arena.used(), 64 + 128);
}

// From memory that was used before, from new memory, and from both.
TEST(Arena, HandsOutZeroes) {
  for (size_t size :
       {size_t{1}, size_t{64}, size_t{100'000}, size_t{5} << 20, size_t{40} << 20, size_t{60} << 20}) {
    make_waste();
    Arena arena;
    arena.take<std::byte>(size);
    ASSERT_TRUE(arena.reserve());
    std::byte* bytes = arena.take<std::byte>(size);
    EXPECT_EQ(count_set(bytes, size), 0) << size << " bytes";
    // The next one may get this memory again.
    std::fill_n(bytes, size, std::byte{0xff});
  }
}

}  // namespace
}  // namespace vit
