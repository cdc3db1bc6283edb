// The library's matrix products, of floats and of bytes, and the fastest their multiply-add and dot product
// can be, for page/kernels.js to time. One wasm file per variant, without glue.
#include <emscripten/emscripten.h>

#include <algorithm>
#include <tuple>

#include "kernels/quantization.h"
#include "kernels/simd.h"

using namespace vit;
using namespace vit::simd;

namespace {

/// Room for the largest of the shapes: a, panels, bias and out of ViT-Base's MLP.
constexpr size_t kFloats = size_t{6} << 20;
alignas(64) float memory[kFloats];

/// As many chains as fit in V8's registers beside two factors, and no fewer than hide the latency of a
/// product and a sum.
constexpr int kChains = 12;

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE float* floats() { return memory; }
EMSCRIPTEN_KEEPALIVE int float_count() { return kFloats; }

/// `steps` × 12 × 4 multiply-adds that touch no memory.
EMSCRIPTEN_KEEPALIVE void peak(int steps) {
  f32x4 chain[kChains];
  for (int i = 0; i < kChains; i++) chain[i] = load(memory + 4 * i);
  const f32x4 factor = splat(0.999f), term = splat(0.001f);
  for (int step = 0; step < steps; step++) {
#pragma unroll
    for (int i = 0; i < kChains; i++) chain[i] = fused_multiply_add(chain[i], factor, term);
  }
  for (int i = 0; i < kChains; i++) store(memory + 4 * i, chain[i]);
}

/// `steps` × 12 × 16 multiply-adds of bytes that touch no memory: by the first kind of dot products, which in
/// the relaxed variant is one instruction.
EMSCRIPTEN_KEEPALIVE void peak_int8(int steps) {
  using Dots = std::tuple_element_t<0, DotKinds>;
  const auto* bytes = reinterpret_cast<const uint8_t*>(memory);
  int32_t* sums = reinterpret_cast<int32_t*>(memory);
  i32x4 chain[kChains];
  for (int i = 0; i < kChains; i++) chain[i] = load_i32(sums + 4 * i);
  const auto weights = Dots::load_weights(reinterpret_cast<const int8_t*>(bytes));
  const auto inputs = Dots::load_inputs(reinterpret_cast<const dot_input*>(bytes));
  for (int step = 0; step < steps; step++) {
#pragma unroll
    for (int i = 0; i < kChains; i++) chain[i] = Dots::add(weights, inputs, chain[i]);
  }
  for (int i = 0; i < kChains; i++) store_i32(sums + 4 * i, chain[i]);
}

/// The tiles that a product can go in, by index: "6x8"; null beyond the last.
EMSCRIPTEN_KEEPALIVE const char* tile_name(bool int8, size_t index) {
  static const std::vector<std::string> names[] = {gemm_tiles(), gemm_int8_tiles()};
  return index < names[int8].size() ? names[int8][index].c_str() : nullptr;
}
EMSCRIPTEN_KEEPALIVE void use_tile(bool int8, int index) {
  (int8 ? use_gemm_int8_tile : use_gemm_tile)(index);
}

/// A linear layer, its operands wherever they come to lie in `memory`.
EMSCRIPTEN_KEEPALIVE void run_gemm(int rows, int inputs, int outputs) {
  float* a = memory;
  float* panels = a + rows * inputs;
  float* bias = panels + packed_columns(outputs) * inputs;
  float* out = bias + packed_columns(outputs);
  gemm(out, outputs, a, inputs, rows, PackedMatrix{panels, bias, inputs, outputs});
}

/// The same of bytes.
EMSCRIPTEN_KEEPALIVE void run_gemm_int8(int rows, int inputs, int outputs) {
  float* scales = memory;
  float* out = scales + rows;
  float* of_outputs = out + rows * outputs;
  int32_t* sums = reinterpret_cast<int32_t*>(of_outputs + quantized_columns(outputs));
  uint8_t* a = reinterpret_cast<uint8_t*>(sums + std::max(rows, quantized_columns(outputs)));
  int8_t* panels = reinterpret_cast<int8_t*>(a + static_cast<size_t>(rows) * quantized_row_bytes(inputs));
  gemm_int8(out, outputs, QuantizedRows{a, scales, sums}, rows,
            QuantizedMatrix{panels, of_outputs, sums, of_outputs, inputs, outputs});
}
}
