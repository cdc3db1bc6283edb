// A linear layer y = x·Wᵀ + b in either precision: what encoder blocks are written in.
#pragma once

#include "arena.h"
#include "kernels/kernels.h"
#include "kernels/quantization.h"

namespace vit {

/// The matrix of a layer: exactly one of the two is set, the other has no panels.
struct Linear {
  PackedMatrix fp32;
  QuantizedMatrix int8;

  bool quantized() const { return int8.inputs > 0; }
};

/// Points a matrix, or a layer, into `arena` (or measures it, see arena.h).
PackedMatrix take_matrix(Arena& arena, int inputs, int outputs);
Linear take_linear(Arena& arena, int inputs, int outputs, bool int8);

/// Multiplies everything that leads to output o, its bias too, by factors[o].
void scale_outputs(Linear layer, const float* factors);

/// Rows that layers multiply.
struct LinearInput {
  const float* values;  // [rows × width], for layers that are not quantized
  int width;
  QuantizedRowsView quantized;  // the same rows quantized; of prefix tokens, the upper halves
  LowerHalves low;              // of prefix tokens, the lower halves
};

/// out[rows × outputs] = layer(in), or added to out; the first `rows` rows of `in`.
void linear(float* out, int out_stride, const LinearInput& in, int rows, const Linear& layer,
            Store store = Store::replace);

/// As `linear`, followed by the activation of every output.
void linear_activated(float* out, int out_stride, const LinearInput& in, int rows, const Linear& layer,
                      Activation activation);

}  // namespace vit
