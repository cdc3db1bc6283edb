// Tensors' bytes → the kernels' layouts: every chunk is converted, quantized where the model is int8, and
// packed as it arrives, so no tensor exists twice.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "element_order.h"
#include "weight_slots.h"

namespace vit {

/// "F32", "F16", "BF16" or "F64", as safetensors names them; nothing for other names.
std::optional<DataType> parse_data_type(std::string_view dtype);

/// The answer to an announcement: a slot, or why the tensor was refused.
struct Announced {
  int slot = -1;      // an index into `WeightSlots::slots`; −1 when it was refused
  std::string error;  // empty when it was accepted
};

/// Checks a tensor's name, shape, dtype and order against the table, before any of its bytes. The contract is
/// that of `announce` in vit.h.
[[nodiscard]] Announced announce(WeightSlots& table, std::string_view name, std::string_view dtype,
                                 std::span<const int> shape, ElementOrder order);

/// Takes the next chunk of an announced tensor. The contract is that of `receive` in vit.h.
[[nodiscard]] std::string receive(WeightSlots& table, int slot, const uint8_t* chunk, int bytes);

}  // namespace vit
