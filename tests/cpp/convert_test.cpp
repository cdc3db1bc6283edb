#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "../../cpp/kernels/reference.h"

namespace vit {
namespace {

template <typename T>
float converted(T stored, DataType type) {
  uint8_t bytes[sizeof(T) + 1];
  std::memcpy(bytes + 1, &stored, sizeof(T));  // odd on purpose: tensors may start at any byte
  float value;
  to_floats(&value, bytes + 1, type, 1);
  return value;
}

TEST(Convert, EveryF16IsExact) {
  for (unsigned bits = 0; bits < 65536; bits++) {
    const float value = converted(static_cast<uint16_t>(bits), DataType::f16);
    const double expected = reference::from_f16(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
    } else {
      ASSERT_EQ(value, expected) << bits;
      ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
    }
  }
}

TEST(Convert, EveryBf16IsTheUpperHalfOfAFloat) {
  for (unsigned bits = 0; bits < 65536; bits++) {
    const float value = converted(static_cast<uint16_t>(bits), DataType::bf16);
    ASSERT_EQ(std::bit_cast<uint32_t>(value), bits << 16);
  }
}

TEST(Convert, F32AndF64) {
  EXPECT_EQ(converted(-1.5f, DataType::f32), -1.5f);
  EXPECT_EQ(converted(0.1, DataType::f64), 0.1f);
}

TEST(Convert, ManyAtOnce) {
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7bff};
  float values[5] = {0, 0, 0, 0, 7};
  to_floats(values, reinterpret_cast<const uint8_t*>(halves), DataType::f16, 4);
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], -2.0f);
  EXPECT_EQ(values[2], 0x1p-24f);
  EXPECT_EQ(values[3], 65504.0f);
  EXPECT_EQ(values[4], 7.0f);
}

}  // namespace
}  // namespace vit
