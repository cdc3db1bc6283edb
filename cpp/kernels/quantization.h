// int8: the quantization scheme, in its one home, and the matrix product that works on it. Why it is so, and
// what it costs: docs/int8-design.md.
//
//   rotation     W[o] and x[r] are rotated by the same block Hadamard matrix (`rotate`), which leaves their
//                product as it is
//   weights      signed bytes, symmetric, one scale per output:  W[o][i] ≈ scale[o] · w[o][i]
//                scale[o] = max(max|W[o]| / 127, S / 256),  w[o][i] = W[o][i] / scale[o], to the nearest,
//                ties to even; S = the largest sum of the positive, or of the negative, weights of a group of
//                four inputs: 8n + {0, 1, 4, 5} or 8n + {2, 3, 6, 7}
//   activations  unsigned 7 bits, one scale and zero point per row (token):
//                x[r][i] ≈ scale[r] · (a[r][i] − zero[r]),  0 ≤ a ≤ 127
//                low = min(x[r], 0), high = max(x[r], 0), scale[r] = (high − low) / 127,
//                zero[r] = −low / scale[r], to the nearest; a = x / scale[r] + zero[r], to the nearest
//                prefix tokens: 14 bits, as two such rows (`QuantizedHalves`)
//   product      out[r][o] = scale[r] · scale[o] · (Σ a·w − zero[r] · Σ w[o]) + bias[o]
//
// Σ a·w is an exact sum of integers, so results are equal to the bit in every variant and engine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace vit {

/// The quantized matrix of a linear layer as it is read, laid out for the variant's dot products (simd.h):
/// panels of kDotColumns outputs, in which groups of kDotInputs successive inputs of one output are adjacent.
/// The last panel and the last group are padded with zeros.
struct QuantizedView {
  const int8_t* panels;  // [quantized_bytes(inputs, outputs)]
  const float* scales;   // [quantized_columns(outputs)], per output
  const int32_t* sums;   // [quantized_columns(outputs)], Σ w of each output
  const float* bias;     // [quantized_columns(outputs)]
  int inputs;
  int outputs;
};

/// The same, to be written. Does not own its memory.
struct QuantizedMatrix {
  int8_t* panels;
  float* scales;
  int32_t* sums;
  float* bias;
  int inputs;
  int outputs;

  operator QuantizedView() const { return {panels, scales, sums, bias, inputs, outputs}; }
};

/// Bytes of `QuantizedMatrix::panels`.
size_t quantized_bytes(int inputs, int outputs);

/// `outputs` rounded up to whole panels.
int quantized_columns(int outputs);

/// Rotates a row in place by a block Hadamard matrix (after Ashkboos et al. 2024, "QuaRot"): in every whole
/// block of 16 values, each four that are 4 apart become x − (x0 + x1 + x2 + x3) / 2; in every whole block of
/// 64, then each four that are 16 apart. The rest of the row is left as it is. The rotation is its own
/// inverse, up to rounding.
void rotate(float* row, int width);

/// Quantizes one row of weights, which it rotates in place: codes[count]. Returns the scale; NaN if a weight
/// is not finite.
float quantize_weights(int8_t* codes, float* weights, int count);

/// Upper bound on the sum of the positive (or negative) codes in each group of four that share an int16
/// accumulator: 258 · 127 < 2^15.
inline constexpr int kLargestSharedSum = 258;

/// Whether every group of the row keeps to kLargestSharedSum. True of what `quantize_weights` returns; codes
/// from a file have to be checked.
bool fit_the_product(const int8_t* codes, int count);

/// Packs the quantized weights codes[to.inputs] of one output, and stores their sum; the scale is set by the
/// caller.
void pack_quantized(QuantizedMatrix to, int output, const int8_t* codes);

/// Multiplies output o, its scale and its bias, by factors[o].
void scale_outputs(QuantizedMatrix matrix, const float* factors);

/// Rows of quantized activations as they are read, laid out for the variant's dot products (simd.h).
struct QuantizedRowsView {
  const uint8_t* values;  // [rows × quantized_row_bytes(width)]
  const float* scales;    // [rows]
  const int32_t* zeros;   // [rows]
};

/// The same, to be written. Does not own its memory.
struct QuantizedRows {
  uint8_t* values;
  float* scales;
  int32_t* zeros;

  operator QuantizedRowsView() const { return {values, scales, zeros}; }
};

/// Bits of an activation's code.
inline constexpr int kCodeBits = 7;

/// Rows of codes of 14 bits, each in two halves that are multiplied by themselves: high.scales[r] = 128 ·
/// low.scales[r], and x[r][i] ≈ Σ over both halves of scale[r] · (a[r][i] − zero[r]).
struct QuantizedHalves {
  QuantizedRows high, low;
};

/// Bytes from one quantized row of `width` values to the next.
size_t quantized_row_bytes(int width);

/// The rows after the first `count`.
QuantizedRows after(const QuantizedRows& rows, int count, int width);

/// Quantizes `rows` rows of `width` floats, `stride` floats apart, which it rotates in place. Threads share
/// the rows.
void quantize_rows(const QuantizedRows& out, float* x, int stride, int rows, int width);

/// The same to 14 bits: `scale` is a 16,383rd of the range.
void quantize_rows(const QuantizedHalves& out, float* x, int stride, int rows, int width);

/// The lower halves of the first `count` rows of a product, of which `a` has the higher halves.
struct LowerHalves {
  QuantizedRowsView rows;
  int count = 0;
  const float* no_bias;  // zeros, as many as the product has columns
};

/// out[rows × b.outputs] = a · b + bias, or added to out: `gemm` on quantized operands. The sum of integers
/// is exact; four roundings in single precision follow. Cost: rows · inputs · outputs multiply-adds, about
/// twice as many per second as `gemm`.
void gemm_int8(float* out, int out_stride, const QuantizedRowsView& a, int rows, const QuantizedView& b,
               Store store = Store::replace, const LowerHalves& low = {});

/// The names of the tiles that `gemm_int8` can use, each with its own kind of dot products (simd.h), as
/// `gemm_tiles` names those of `gemm`. All give the same bits; kinds that this engine computes wrongly are
/// left out. The first is probably the fastest here, and is the default.
std::vector<std::string> gemm_int8_tiles();

/// Makes every later `gemm_int8` use this tile. Must not be called while one runs.
void use_gemm_int8_tile(int index);

/// Performs `repeats` × 3,840 multiply-adds for each output of two panels with a tile, to be timed as
/// `try_gemm_tile` is.
void try_gemm_int8_tile(int index, int repeats);

/// As `gemm_int8`, followed by the activation of every output.
void gemm_int8_activated(float* out, int out_stride, const QuantizedRowsView& a, int rows,
                         const QuantizedView& b, Activation activation, const LowerHalves& low = {});

}  // namespace vit
