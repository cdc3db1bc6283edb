// Matrix products of 16-bit integers: attention in an int8 model, q·kᵀ and softmax·v, whose operands are both
// activations.
//
// An int8 model has to round alike everywhere (config.h). With floats that takes a separate multiplication
// and addition, at two thirds the speed of a fused one. Sums of integers are exact anyway, and one
// instruction multiplies eight and adds them in pairs. Codes have 15 bits and a sign, so their rounding error
// is a hundredth of that of the linear layers' bytes (quantization.h).
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

/// The right operand as it is read: panels of eight outputs, in which the values of two successive inputs are
/// adjacent. The last pair and the last panel are padded with zeros.
struct Int16View {
  const int16_t* panels;  // [int16_panel_values(inputs, outputs)]
  const float* scales;    // [outputs rounded up to eights]
  int inputs;
  int outputs;
};

/// The same, to be written. Does not own its memory.
struct Int16Matrix {
  int16_t* panels;
  float* scales;
  int inputs;
  int outputs;

  operator Int16View() const { return {panels, scales, inputs, outputs}; }
};

size_t int16_panel_values(int inputs, int outputs);

/// The left operand as it is read.
struct Int16RowsView {
  const int16_t* values;  // [rows × int16_row_values(width)]
  const float* scales;    // [rows]
};

/// The same, to be written.
struct Int16Rows {
  int16_t* values;
  float* scales;

  operator Int16RowsView() const { return {values, scales}; }
};

/// Values from one row to the next.
int int16_row_values(int width);

/// Quantizes rows of the left operand.
void quantize_left(Int16Rows out, const float* x, int x_stride, int rows, int width);

/// Quantizes `to.outputs` rows, each with the inputs of one output, as keys are.
void quantize_outputs(Int16Matrix to, const float* rows, int row_stride);

/// Quantizes `to.inputs` rows, each with one value per output, as values are.
void quantize_inputs(Int16Matrix to, const float* rows, int row_stride);

/// out[rows × b.outputs] = a · b. The sum of integers is exact; three roundings follow.
void gemm_int16(float* out, int out_stride, const Int16RowsView& a, int rows, const Int16View& b);

}  // namespace vit
