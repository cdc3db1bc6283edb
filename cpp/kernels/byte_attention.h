// Attention in an int8 model: what makes bytes of its operands, so that q·kᵀ and softmax·v are products of
// bytes as those of linear layers (`gemm_int8`).
//
//   q·kᵀ      a query is a row of activations, a key a row of weights (quantization.h), both rotated
//             k[t][i] ≈ scale[t] · code, scale[t] = P / 127; P = the largest sum of the positive, or of the
//             negative, values of a pair 8n + i, 8n + 4 + i, i < 4
//   softmax   weight[t] = code[t] / Σ code, code[t] = 127 · 128 · exp(score[t] − max), to the nearest
//             = 128 · high[t] + low[t], 0 ≤ high, low ≤ 127, each a byte of a product of its own: with one
//             byte the many small weights of a row that has a large one would be lost
//   ·v        v[t][i] ≈ middle[i] + scale[i] · code: of channel i over all tokens, the middle of low = min v
//             and high = max v, and scale[i] = (high − low) / 128. As weights add up to 1, the middle of the
//             result is the values' own, which is the product's bias.
//
// Codes of values are within ±64, and of keys those of one sign in a pair add up to 127, so that sums of four
// are what `gemm_int8` wants of weights (`fit_the_product`).
#pragma once

#include "quantization.h"

namespace vit {

/// `to` = the rows of `to.outputs` keys, `row_stride` floats apart, each of `to.inputs` values, which are
/// rotated in place. Leaves `to.bias`.
void pack_keys(const QuantizedMatrix& to, float* rows, int row_stride);

/// `to` = the rows of `to.inputs` tokens, each with `to.outputs` values, `row_stride` floats apart. Leaves
/// `to.sums`, of which zero points of 0 have no need.
void pack_values(const QuantizedMatrix& to, const float* rows, int row_stride);

/// Row `row` of `out` = softmax over the first `visible` of `count` scores; the weights of the others are 0,
/// and so are the zero points. The scales of a row that has no softmax are NaN.
void softmax_bytes(const QuantizedHalves& out, int row, const float* scores, int visible, int count);

}  // namespace vit
