#include <bit>
#include <cassert>
#include <cstring>

#include "kernels.h"

namespace vit {
namespace {

template <typename Stored, typename Convert>
void convert_each(float* out, const uint8_t* data, int count, Convert convert) {
  for (int i = 0; i < count; i++) {
    Stored stored;
    std::memcpy(&stored, data + static_cast<size_t>(i) * sizeof stored, sizeof stored);
    out[i] = convert(stored);
  }
}

// IEEE 754 half precision: 1 sign, 5 exponent (bias 15), 10 fraction bits. Moved to float's place its
// exponent is 112 too small; a multiplication by 2^112 mends that and normalizes subnormals. 31 means
// infinity or NaN.
float from_f16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t rest = static_cast<uint32_t>(bits & 0x7fff) << 13;
  const uint32_t magnitude =
      rest >= 0x0f800000 ? rest | 0x7f800000 : std::bit_cast<uint32_t>(std::bit_cast<float>(rest) * 0x1p112f);
  return std::bit_cast<float>(sign | magnitude);
}

}  // namespace

void to_floats(float* out, const uint8_t* data, DataType type, int count) {
  assert(count >= 0);
  switch (type) {
    case DataType::f32: std::memcpy(out, data, static_cast<size_t>(count) * sizeof(float)); return;
    case DataType::f16: return convert_each<uint16_t>(out, data, count, from_f16);
    case DataType::bf16:
      return convert_each<uint16_t>(out, data, count, [](uint16_t bits) {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      });
    case DataType::f64:
      return convert_each<double>(out, data, count, [](double value) { return static_cast<float>(value); });
  }
}

}  // namespace vit
