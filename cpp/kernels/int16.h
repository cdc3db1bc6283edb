// Products of whole numbers of 16 bits: attention in an int8 model, q·kᵀ and softmax·v, whose operands are
// both activations.
//
// An int8 model has to round alike everywhere (config.h). In floats that takes a product and a sum of their
// own, at two thirds the speed of a fused one; sums of integers are exact anyway, and one instruction
// multiplies eight and adds the pairs up. Codes have 15 bits and a sign, so what rounding them does is a
// hundredth of what the bytes of linear layers do (quantisation.h).
//
//   x[i] ≈ scale · code[i]    a scale per row of the left operand, and per output of the right one
//
//   right   scale = max|x| / 32767
//   left    scale = the larger of max|x| / 32767 and Σ|x| / (65534 − n / 2), n being the row's width
//
// so the left codes' magnitudes add up to 65534 at most, and no sum of products leaves 32 bits, however long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vit {

/// The right operand: the values of two successive inputs stand side by side, those of eight outputs after
/// each other. What fills up the last pair and the last eight is zero.
struct Int16Matrix {
  int16_t* panels;  // [int16_panel_values(inputs, outputs)]
  float* scales;    // [outputs rounded up to eights]
  int inputs;
  int outputs;
};

size_t int16_panel_values(int inputs, int outputs);

/// The left operand.
struct Int16Rows {
  int16_t* values;  // [rows × int16_row_values(width)]
  float* scales;    // [rows]
};

/// Values from one row to the next.
int int16_row_values(int width);

/// Quantises rows of the left operand.
void quantise_left(const Int16Rows& out, const float* x, int x_stride, int rows, int width);

/// Quantises `outputs` rows, each the inputs of one output, as keys are.
void quantise_outputs(const Int16Matrix& to, const float* rows, int row_stride);

/// Quantises `inputs` rows, each with one value per output, as values are.
void quantise_inputs(const Int16Matrix& to, const float* rows, int row_stride);

/// out[rows × b.outputs] = a · b. The integers' sum is exact, what follows it are three roundings.
void gemm_int16(float* out, int out_stride, const Int16Rows& a, int rows, const Int16Matrix& b);

}  // namespace vit
