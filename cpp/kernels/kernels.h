// The kernels: every loop over numbers that costs time, and what each promises.
//
// Written once against simd.h; checked in every variant against the naive double-precision twins of
// reference.h. No kernel allocates. The only state is the tiles that `use_gemm_tile` and `use_gemm_int8_tile`
// choose. Preconditions are asserted, which the native tests check and a release does not. Kernels that say
// so share their work among threads (threads.h). Matrices are row-major; a stride counts floats from one row
// to the next. Outputs come first in argument lists, and do not overlap inputs unless a kernel says that they
// may.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sizes.h"

namespace vit {

/// Output columns of one panel of a packed matrix: two vectors, the widest tile that, with six rows of
/// accumulators, stays inside the 15 vector registers V8 allocates on x64.
inline constexpr int kPanelColumns = 8;

/// The matrix of a linear layer y = x·Wᵀ + b, laid out for `gemm`, as it is read.
///
/// The columns of Wᵀ (outputs) are grouped in panels of `kPanelColumns`; inside a panel, the values of one
/// input are adjacent: W[output][input] is panels[(output / 8 · inputs + input) · 8 + output % 8]. The last
/// panel is padded with zeros. `bias` has one value per packed column.
struct PackedView {
  const float* panels;  // [packed_columns(outputs) / 8 × inputs × 8]
  const float* bias;    // [packed_columns(outputs)]
  int inputs;
  int outputs;
};

/// The same, to be written. Does not own its memory.
struct PackedMatrix {
  float* panels;
  float* bias;
  int inputs;
  int outputs;

  operator PackedView() const { return {panels, bias, inputs, outputs}; }
};

/// `outputs` rounded up to whole panels.
constexpr int packed_columns(int outputs) { return round_up(outputs, kPanelColumns); }

/// The index of W[output][input] in the panels of a matrix with `inputs` inputs.
constexpr size_t packed_index(int inputs, int output, int input) {
  return (area(output / kPanelColumns, inputs) + input) * kPanelColumns + output % kPanelColumns;
}

/// Packs rows of W: row `output` of `rows` becomes output `first_output + output`. The columns that pad the
/// last panel are not written: they must be zero already.
void pack_outputs(PackedMatrix to, int first_output, const float* rows, int row_stride, int count);

/// Packs rows of Wᵀ, as attention's values are: row `input` of `rows`, one value per output, becomes input
/// `first_input + input`. Pads the last panel with zeros.
void pack_inputs(PackedMatrix to, int first_input, const float* rows, int row_stride, int count);

/// Multiplies output o, its weights and its bias, by factors[o].
void scale_outputs(PackedMatrix matrix, const float* factors);

/// How a product is added to a sum.
enum class Rounding {
  fastest,   // fused, so rounded once, where the variant and its host can
  portable,  // rounded twice: the same to the bit in every variant and engine
};

/// The non-linearity of the MLP, by its name in Hugging Face's `hidden_act`.
enum class Activation {
  gelu,        // x·Φ(x) (Hendrycks & Gimpel 2016), Φ through erf; |error| < 1e-6 · max(1, |x|)
  gelu_tanh,   // its tanh form: x·sigmoid(2·√(2/π)·(x + 0.044715·x³))
  quick_gelu,  // x·sigmoid(1.702·x)
  relu,        // max(x, 0)
  silu,        // x·sigmoid(x)
};

/// What `gemm` does with a finished value.
enum class Store {
  replace,     // out  = value
  accumulate,  // out += value, as a residual connection does
};

/// out[rows × b.outputs] = a[rows × b.inputs] · b + bias, or added to out.
///
/// Each output is one chain of multiply-adds in the order of the inputs, starting from the bias, whatever the
/// tile. Threads share the tiles. Cost: rows · inputs · outputs multiply-adds.
void gemm(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedView& b,
          Store store = Store::replace, Rounding rounding = Rounding::fastest);

/// As `gemm`, followed by the activation of every output, tile by tile while it is in the cache.
void gemm_activated(float* out, int out_stride, const float* a, int a_stride, int rows, const PackedView& b,
                    Activation activation);

/// The names of the tiles that `gemm` can use, by the rows and columns whose sums stay in registers: "6x8".
/// All give the same bits, so they may be chosen by speed; the first is the default. Rounding::portable has a
/// tile of its own. (Not a kernel: it allocates.)
std::vector<std::string> gemm_tiles();

/// Makes every later `gemm` use this tile. Must not be called while one runs.
void use_gemm_tile(int index);

/// Performs `repeats` × 61,440 multiply-adds with a tile, on this thread and within the first-level cache, to
/// be timed.
void try_gemm_tile(int index, int repeats);

/// values[count] = activation(values), in place.
void activate(float* values, int count, Activation activation, Rounding rounding);

/// out[r] = (x[r] − mean) / √(variance + eps) · weight + bias (Ba et al. 2016; biased variance in two passes)
/// for each of `rows` rows of `width`; without a bias (null) mean = 0. Threads share rows; `out` may be `x`.
void layer_norm(float* out, const float* x, int rows, int width, const float* weight, const float* bias,
                float eps);

/// row[count] = exp(row − max) / Σ exp(row − max), in place; count ≥ 1.
void softmax(float* row, int count, Rounding rounding);

/// values[count] = 1 / (1 + exp(−values)), in place.
void sigmoid(float* values, int count);

/// x[count] += y[count].
void add(float* x, const float* y, int count);

/// x[count] *= y[count].
void multiply(float* x, const float* y, int count);

/// Which two values of a vector a rotary position embedding rotates as a pair.
enum class RotationPairs {
  halves,     // i and i + size/2: `rotate_half`
  neighbors,  // 2·i and 2·i + 1
};

/// x[size], in place, size even: rotates pair i < size/2 by the angle whose cosine is cos[i] and sine sin[i]
/// (RoPE: Su et al. 2021),
///
///   (a, b) → (a·cos − b·sin, b·cos + a·sin)
///
/// Rounded as Rounding::portable.
void apply_rotary(float* x, int size, const float* cos, const float* sin, RotationPairs pairs);

/// out[width] = the mean of `rows` rows of `width`.
void mean_of_rows(float* out, const float* x, int rows, int width);

/// How a grid is resampled: the modes of PyTorch's `interpolate`.
enum class Resampling {
  bicubic,
  bicubic_antialiased,
  bicubic_aligned,  // align_corners: the corners of both grids coincide
  bilinear,
  bilinear_aligned,
};

/// out[out_rows × out_columns × channels] = in[rows × columns × channels] at another size. Output i samples
/// the input at (i + ½) · rows / out_rows − ½ or, aligned, at i · (rows − 1) / (out_rows − 1).
///
/// Bicubic: `keys_cubic` (interpolation.h) with a = −0.75, four taps per axis, edge values repeated.
/// Antialiased: a = −0.5, the filter stretched by the scale when shrinking; the window ends at the edge, and
/// its weights are normalized to sum to 1. Bilinear: two taps. Cost: out_rows · out_columns · taps² ·
/// channels multiply-adds; done when loading, not per image.
void resample_grid(float* out, int out_rows, int out_columns, const float* in, int rows, int columns,
                   int channels, Resampling resampling);

/// How a checkpoint stores a number.
enum class DataType { f32, f16, bf16, f64 };

/// Bytes of one element.
constexpr int element_bytes(DataType type) {
  return type == DataType::f64 ? 8 : type == DataType::f32 ? 4 : 2;
}

/// out[count] = `count` little-endian elements of `type` at `data` (any alignment) as floats: exact, except
/// that f64 is rounded.
void to_floats(float* out, const uint8_t* data, DataType type, int count);

}  // namespace vit
