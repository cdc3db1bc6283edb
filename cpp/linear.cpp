#include "linear.h"

namespace vit {

PackedMatrix take_matrix(Arena& arena, int inputs, int outputs) {
  float* panels = arena.take<float>(area(packed_columns(outputs), inputs));
  return {panels, arena.take<float>(packed_columns(outputs)), inputs, outputs};
}

Linear take_linear(Arena& arena, int inputs, int outputs, bool int8) {
  if (!int8) return {take_matrix(arena, inputs, outputs), {}};
  const int columns = quantized_columns(outputs);
  QuantizedMatrix matrix{};
  matrix.panels = arena.take<int8_t>(quantized_bytes(inputs, outputs));
  matrix.scales = arena.take<float>(columns);
  matrix.sums = arena.take<int32_t>(columns);
  matrix.bias = arena.take<float>(columns);
  matrix.inputs = inputs;
  matrix.outputs = outputs;
  return {{}, matrix};
}

void scale_outputs(Linear layer, const float* factors) {
  if (layer.quantized()) {
    scale_outputs(layer.int8, factors);
  } else {
    scale_outputs(layer.fp32, factors);
  }
}

void linear(float* out, int out_stride, const LinearInput& in, int rows, const Linear& layer, Store store) {
  if (layer.quantized()) {
    gemm_int8(out, out_stride, in.quantized, rows, layer.int8, store, in.low);
  } else {
    gemm(out, out_stride, in.values, in.width, rows, layer.fp32, store);
  }
}

void linear_activated(float* out, int out_stride, const LinearInput& in, int rows, const Linear& layer,
                      Activation activation) {
  if (layer.quantized()) {
    gemm_int8_activated(out, out_stride, in.quantized, rows, layer.int8, activation, in.low);
  } else {
    gemm_activated(out, out_stride, in.values, in.width, rows, layer.fp32, activation);
  }
}

}  // namespace vit
