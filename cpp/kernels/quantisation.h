// int8: the quantisation scheme, in its one home, and the matrix product that works on it.
//
// The scheme (after Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference"; scales per token as in Yao et al. 2022, "ZeroQuant"):
//
//   weights      signed bytes, symmetric, a scale per output:  W[o][i] ≈ scale[o] · w[o][i]
//                scale[o] = the larger of max|W[o]| / 127 and S / 256,  w[o][i] = W[o][i] / scale[o] to the
//                nearest, ties to even, with S, of all fours of inputs 8n + {0, 1, 4, 5} and 8n + {2, 3, 6,
//                7}, the largest sum of their positive weights, or of their negative ones
//   activations  unsigned 7 bits with a zero point, scale and zero per row (token), found anew for every row:
//                x[r][i] ≈ scale[r] · (a[r][i] − zero[r]),  0 ≤ a ≤ 127
//                with low = min(x[r], 0) and high = max(x[r], 0):  scale[r] = (high − low) / 127,
//                zero[r] = −low / scale[r] to the nearest, a = x / scale[r] + zero[r] to the nearest
//   product      out[r][o] = scale[r] · scale[o] · (Σ a·w − zero[r] · Σ w[o]) + bias[o]
//   both         are spread before, W[o] while loading and x[r] in every forward pass: of values that stand
//                4 apart, and then of those that stand 16 apart, four at a time change to
//                x − (x0 + x1 + x2 + x3) / 2, in all whole blocks of 16 and of 64
//
// Why spread: a few inputs are far larger than the others, and the largest sets the step for all of its row.
// That change is a reflection, a Hadamard matrix of order 4, and so is what the two make of 64: products of
// spread rows are those of the rows themselves, but an outlier is shared out among 16 inputs (after Ashkboos
// et al. 2024, "QuaRot: Outlier-Free 4-Bit Inference in Rotated LLMs"). It takes a third off the error of the
// logits, activations' and weights' alike.
//
// Σ a·w is a sum of integers that never overflows, so it is equal to the bit in every variant and engine, in
// any order of summing: with activations of 7 bits, relaxed SIMD's dot product of bytes is exact everywhere
// (with 8 it is not), and the plain variant multiplies the same numbers as 16 bits. The scheme therefore
// depends on the model alone; kernels may be chosen by their speed.
//
// Why S: products of four weights of one sign make at most 258 · 127 < 2^15, so two dot products of bytes,
// four products in each of their sums of 16 bits, are added up before these are widened, which makes the
// whole a quarter quicker. Of DeiT-Tiny's outputs it touches every seventh, and makes scales 1.4 % larger on
// average.
//
// What it costs, measured by `npm run evaluate` on DeiT-Tiny as README.md tells, is all in the roundings: 5.8
// % of first answers among a thousand classes change (unspread 8.0 %). By a simulation in PyTorch on 500
// pictures the weights alone would change 4.2 %, the activations alone 4.4 %, and 10 bits of both 1.4 %,
// which these dot products cannot multiply. A scale of its own for each attention head's share of what `proj`
// multiplies would leave about 5 %, at the price of a sum per head; scaling channels by what layer norms tell
// made it worse. What lies between the products has to round alike everywhere as well (`rounding_of` in
// config.h): were the relaxed variant to fuse multiply-adds there, 4 % of its first answers would not be the
// plain one's (500 pictures).
//
// What it is used for: the linear layers of the encoder blocks, nine tenths and more of all work. The patch
// embedding and the head stay in single precision: they are 3 % of the work, and the first and last layers
// are where rounding shows most. Attention's softmax(q·kᵀ)·v, whose operands are both activations, takes 16
// bits (int16.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.h"

namespace vit {

/// The quantised matrix of a linear layer, laid out for the variant's dot products (simd.h): panels of a few
/// outputs, in which groups of a few successive inputs of one output lie side by side. What fills up the last
/// panel and the last group is zero.
struct QuantisedMatrix {
  int8_t* panels;  // [quantised_bytes(inputs, outputs)]
  float* scales;   // [quantised_columns(outputs)], per output
  int32_t* sums;   // [quantised_columns(outputs)], Σ w of each output
  float* bias;     // [quantised_columns(outputs)]
  int inputs;
  int outputs;
};

/// Bytes of `QuantisedMatrix::panels`.
size_t quantised_bytes(int inputs, int outputs);

/// `outputs` rounded up to whole panels.
int quantised_columns(int outputs);

/// Spreads a row in place. Done twice it is as it was, but for rounding.
void spread(float* row, int width);

/// Quantises one row of weights, which it spreads in place: codes[count]; returns the scale, NaN when a
/// weight is not finite.
float quantise_weights(int8_t* codes, float* weights, int count);

/// Of the fours of codes that share a sum of 16 bits, the positive ones add up to at most this, and so do the
/// negative ones.
inline constexpr int kLargestSharedSum = 258;

/// Whether they do in this row. It holds of what `quantise_weights` makes; from elsewhere it has to be asked.
bool fit_the_product(const int8_t* codes, int count);

/// Puts the quantised weights of one output where the product wants them, and their sum; the scale is set by
/// the caller.
void pack_quantised(const QuantisedMatrix& to, int output, const int8_t* codes);

/// Multiplies everything that leads to output o, its bias too, by factors[o].
void scale_outputs(const QuantisedMatrix& matrix, const float* factors);

/// Rows of quantised activations, each as the variant's dot products take them.
struct QuantisedRows {
  uint8_t* values;  // [rows × quantised_row_bytes(width)]
  float* scales;    // [rows]
  int32_t* zeros;   // [rows]
};

/// Bytes from one quantised row of `width` values to the next.
size_t quantised_row_bytes(int width);

/// Quantises `rows` rows of `width` floats, which it spreads in place; threads share the rows.
void quantise_rows(const QuantisedRows& out, float* x, int rows, int width);

/// out[rows × b.outputs] = a · b + bias, or added to out: `gemm` on quantised operands. The integers' sum is
/// exact, what follows it is four roundings in single precision. Cost: rows · inputs · outputs multiply-adds,
/// about twice as many per second as `gemm` does.
void gemm_int8(float* out, int out_stride, const QuantisedRows& a, int rows, const QuantisedMatrix& b,
               Store store = Store::replace);

/// As `gemm_int8`, then the activation on every output.
void gemm_int8_activated(float* out, int out_stride, const QuantisedRows& a, int rows,
                         const QuantisedMatrix& b, Activation activation);

}  // namespace vit
