// The naive twins of the kernels, in double precision: one loop per sum, as the formula is written.
// For tests only.
#pragma once

#include <vector>

#include "kernels.h"

namespace vit::reference {

using Matrix = std::vector<double>;

/// a[rows × inputs] · w[outputs × inputs]ᵀ + bias[outputs].
Matrix linear(const Matrix& a, const Matrix& w, const Matrix& bias, int rows, int inputs, int outputs);

double activate(double x, Activation activation);

/// Rows of `width`, each normalized, scaled and shifted.
Matrix layer_norm(const Matrix& x, const Matrix& weight, const Matrix& bias, double eps);

Matrix softmax(const Matrix& row);

Matrix sigmoid(const Matrix& x);

/// The mean of the rows of `width`.
Matrix mean_of_rows(const Matrix& x, int width);

/// A grid [rows × columns × channels] at another size: the weights of PyTorch's bicubic interpolation along
/// each axis as a whole matrix [out × in], with and without antialias, multiplied from both sides.
Matrix resample_grid(const Matrix& grid, int rows, int columns, int channels, int out_rows, int out_columns,
                     Resampling resampling);

/// softmax(q·kᵀ/√size)·v, one attention head; q, k, v are [tokens × size].
Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, int tokens, int size);

/// x[2·pairs], each pair rotated by its angle: as the complex number a + b·i times exp(angle·i).
Matrix apply_rotary(Matrix x, const Matrix& angles, RotationPairs pairs);

/// One row after the block Hadamard rotation (quantization.h).
Matrix rotate(Matrix row);

/// int8 (quantization.h), one row, which is rotated first: codes[i] of weights and their scale, or of
/// activations, their scale and zero point; in double precision, so a code may differ by one where a value
/// lies halfway between two.
struct QuantizedRow {
  std::vector<int> codes;
  double scale;
  int zero;
};
QuantizedRow quantize_weights(const Matrix& row);
QuantizedRow quantize_activations(const Matrix& row);

/// The value of an IEEE 754 half-precision number.
double from_f16(unsigned bits);

}  // namespace vit::reference
