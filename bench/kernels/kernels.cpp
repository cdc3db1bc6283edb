// The library's matrix product, and the fastest its multiply-add can be, for page/kernels.js to time. One
// wasm file per variant, without glue.
#include "kernels/kernels.h"

#include <emscripten/emscripten.h>

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

/// The tiles that gemm can go in, by index: "6x8"; null beyond the last.
EMSCRIPTEN_KEEPALIVE const char* tile_name(size_t index) {
  static const std::vector<std::string> names = gemm_tiles();
  return index < names.size() ? names[index].c_str() : nullptr;
}
EMSCRIPTEN_KEEPALIVE void use_tile(int index) { use_gemm_tile(index); }

/// A linear layer, its operands wherever they come to lie in `memory`.
EMSCRIPTEN_KEEPALIVE void run_gemm(int rows, int inputs, int outputs) {
  float* a = memory;
  float* panels = a + rows * inputs;
  float* bias = panels + packed_columns(outputs) * inputs;
  float* out = bias + packed_columns(outputs);
  gemm(out, outputs, a, inputs, rows, PackedMatrix{panels, bias, inputs, outputs});
}
}
