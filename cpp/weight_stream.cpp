#include "weight_stream.h"

#include <algorithm>
#include <bit>

namespace vit {
namespace {

/// The most values that are collected outside of the arena: a matrix of 8192 × 8192, the largest of any
/// published ViT's.
constexpr uint64_t kMostGathered = uint64_t{1} << 26;

std::string in_brackets(std::span<const int> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

// The shape without its leading axes of size 1.
std::span<const int> without_ones(std::span<const int> shape) {
  const auto first = std::ranges::find_if(shape, [](int size) { return size != 1; });
  return {first, shape.end()};
}

bool is_to_quantize(const WeightSlot& slot) { return slot.quantized.inputs > 0; }

void quantize_row(WeightSlot& slot, int output, float* weights, int8_t* codes) {
  const float scale = quantize_weights(codes, weights, slot.quantized.inputs);
  slot.quantized.scales[output] = scale * slot.scale;
  pack_quantized(slot.quantized, output, codes);
}

// Collects values in `row`, where the slot's next element belongs; calls `finish` with the output of each row
// that is complete.
template <typename T, typename Finish>
void gather_rows(const WeightSlot& slot, T* row, const T* values, int count, Finish finish) {
  const uint64_t inputs = static_cast<uint64_t>(slot.quantized.inputs);
  int output = static_cast<int>(slot.received / inputs);
  int input = static_cast<int>(slot.received % inputs);
  while (count > 0) {
    const int part = std::min(count, slot.quantized.inputs - input);
    std::copy_n(values, part, row + input);
    values += part;
    count -= part;
    input += part;
    if (input < slot.quantized.inputs) return;
    finish(output++);
    input = 0;
  }
}

// Returns whether the product can sum every completed row exactly.
bool place_codes(WeightSlot& slot, int8_t* row, const uint8_t* bytes, int count) {
  bool fit = true;
  gather_rows(slot, row, reinterpret_cast<const int8_t*>(bytes), count, [&](int output) {
    fit = fit && fit_the_product(row, slot.quantized.inputs);
    pack_quantized(slot.quantized, output, row);
  });
  return fit;
}

void quantize_run(WeightSlot& slot, const PartialRow& partial, const Run& run, const float* values) {
  if (slot.announced->order.empty()) {
    return gather_rows(slot, partial.values, values, run.length,
                       [&](int output) { quantize_row(slot, output, partial.values, partial.codes); });
  }
  slot.gathered.resize(element_count(slot));
  for (int i = 0; i < run.length; i++) {
    slot.gathered[run.first + static_cast<uint64_t>(i) * run.stride] = values[i];
  }
  if (slot.received + static_cast<uint64_t>(run.length) < element_count(slot)) return;
  float* row = slot.gathered.data();
  for (int output = 0; output < slot.quantized.outputs; output++, row += slot.quantized.inputs) {
    quantize_row(slot, output, row, partial.codes);
  }
  slot.gathered = {};
}

// Consecutive values of a row-major matrix. An output is one column of a panel, so a row of the matrix is
// written in equal steps.
void place_rows(WeightSlot& slot, uint64_t first, const float* values, int count) {
  const int inputs = slot.packed.inputs;
  int output = static_cast<int>(first / static_cast<uint64_t>(inputs));
  int input = static_cast<int>(first % static_cast<uint64_t>(inputs));
  while (count > 0) {
    const int part = std::min(count, inputs - input);
    float* column = slot.packed.panels + packed_index(inputs, output, input);
    for (int i = 0; i < part; i++) column[i * kPanelColumns] = values[i] * slot.scale;
    values += part;
    count -= part;
    output++;
    input = 0;
  }
}

void place_run(WeightSlot& slot, const Run& run, const float* values) {
  if (slot.plain) {
    float* to = slot.plain + run.first;
    for (int i = 0; i < run.length; i++) to[static_cast<size_t>(i) * run.stride] = values[i] * slot.scale;
    return;
  }
  if (run.stride == 1) return place_rows(slot, run.first, values, run.length);
  const uint64_t inputs = static_cast<uint64_t>(slot.packed.inputs);
  // One stride in row-major order is this many outputs plus this many inputs.
  const int output_step = static_cast<int>(run.stride / inputs);
  const int input_step = static_cast<int>(run.stride % inputs);
  int output = static_cast<int>(run.first / inputs);
  int input = static_cast<int>(run.first % inputs);
  for (int i = 0; i < run.length; i++) {
    slot.packed.panels[packed_index(slot.packed.inputs, output, input)] = values[i] * slot.scale;
    output += output_step;
    input += input_step;
    if (input >= slot.packed.inputs) {
      input -= slot.packed.inputs;
      output++;
    }
  }
}

bool all_finite(const float* values, int count) {
  constexpr uint32_t kInfinity = 0x7f800000;
  uint32_t any = 0;
  for (int i = 0; i < count; i++) any |= (std::bit_cast<uint32_t>(values[i]) & kInfinity) == kInfinity;
  return !any;
}

// Returns what is wrong with the values, if anything.
[[nodiscard]] std::string place_floats(WeightSlot& slot, const PartialRow& partial, const uint8_t* chunk,
                                       int elements) {
  const StoredValues& stored = *slot.announced;
  constexpr int kBatch = 1024;
  float values[kBatch];
  while (elements > 0) {
    const int count = std::min(elements, kBatch);
    to_floats(values, chunk, stored.type, count);
    if (!all_finite(values, count)) return "has a value that is infinite or not a number";
    for (int placed = 0; placed < count;) {
      const Run run = run_from(stored.order, slot.received, count - placed);
      if (is_to_quantize(slot)) {
        quantize_run(slot, partial, run, values + placed);
      } else {
        place_run(slot, run, values + placed);
      }
      placed += run.length;
      slot.received += static_cast<uint64_t>(run.length);
    }
    chunk += area(count, element_bytes(stored.type));
    elements -= count;
  }
  return "";
}

[[nodiscard]] std::string place_chunk(WeightSlot& slot, const PartialRow& partial, const uint8_t* chunk,
                                      int elements) {
  if (!slot.announced->codes) return place_floats(slot, partial, chunk, elements);
  if (!place_codes(slot, partial.codes, chunk, elements)) {
    return "is quantized in another way than this library's: convert the original weights again";
  }
  slot.received += static_cast<uint64_t>(elements);
  return "";
}

}  // namespace

std::optional<DataType> parse_data_type(std::string_view dtype) {
  const struct {
    std::string_view name;
    DataType type;
  } types[] = {
      {"F32", DataType::f32}, {"F16", DataType::f16}, {"BF16", DataType::bf16}, {"F64", DataType::f64}};
  for (const auto& [name, type] : types) {
    if (name == dtype) return type;
  }
  return std::nullopt;
}

Announced announce(WeightSlots& table, std::string_view name, std::string_view dtype,
                   std::span<const int> shape, ElementOrder order) {
  const auto refused = [](std::string error) { return Announced{-1, std::move(error)}; };
  const int index = find(table, name);
  if (index < 0) return refused("is not a tensor of this model");
  WeightSlot& slot = table.slots[index];
  if (!std::ranges::equal(without_ones(slot.shape), without_ones(shape))) {
    return refused("has shape " + in_brackets(shape) + ", but the configuration asks for " +
                   in_brackets(slot.shape));
  }
  if (!fits(order, element_count(slot))) return refused("is stored in an order that does not fit its shape");
  const bool codes = dtype == "I8" && is_to_quantize(slot);
  if (codes && !order.empty()) return refused("is quantized, so it has to be stored row by row");
  if (is_to_quantize(slot) && !order.empty() && element_count(slot) > kMostGathered) {
    return refused("is too large to be quantized in the order it is stored in: load it as fp32");
  }
  const std::optional<DataType> type = codes ? DataType::f32 : parse_data_type(dtype);
  if (!type) return refused("has dtype " + std::string(dtype) + "; F32, F16, BF16 and F64 are understood");
  if (slot.announced) return refused("duplicates another tensor");
  slot.announced = {*type, codes, {order.begin(), order.end()}};
  return {index, ""};
}

std::string receive(WeightSlots& table, int index, const uint8_t* chunk, int bytes) {
  if (index < 0 || static_cast<size_t>(index) >= table.slots.size()) return "is not a tensor of this model";
  WeightSlot& slot = table.slots[index];
  if (!slot.announced) return "was not announced";
  const int size = slot.announced->codes ? 1 : element_bytes(slot.announced->type);
  if (bytes < 0 || bytes % size) return "came in a chunk that splits an element";
  if (slot.received + static_cast<uint64_t>(bytes / size) > element_count(slot)) return "has too many bytes";
  if (bytes == 0) return "";

  const bool fills_rows = is_to_quantize(slot) && slot.announced->order.empty();
  if (fills_rows && table.open_row >= 0 && table.open_row != index) {
    return "came before a row of another tensor was complete";
  }
  std::string error = place_chunk(slot, table.row, chunk, bytes / size);
  if (!error.empty()) {
    slot.received = 0;
    slot.gathered = {};
  }
  if (fills_rows) {
    const bool partial = slot.received % static_cast<uint64_t>(slot.quantized.inputs) != 0;
    table.open_row = partial ? index : -1;
  }
  return error;
}

}  // namespace vit
