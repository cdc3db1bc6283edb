// Pillow's antialiased resize (Pillow's Resample.c), one axis at a time, to the bit; and PyTorch's of floats,
// which has the same weights and rounds only to floats.
//
// The two passes are rounded to bytes in between, so their order shows: Pillow 13 goes down first when the
// height shrinks much more than the width (`vertical_first`), Pillow 12 only in images far taller still.
//
// A resized pixel is a weighted sum of `taps` pixels around its center. Shrinking, the filter is stretched by
// the scale, so that every pixel counts: this is what browsers' canvas scaling lacks. Weights are fixed-point
// with 22 fractional bits. Sums of integers are the same in any order, which is what lets the passes be
// vectorized and rows arrive in bands.
#pragma once

#include <cstdint>

namespace vit {

/// The filters of Pillow's resize, under Pillow's numbers.
enum class Filter { lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

/// How far the filter reaches from its center, in pixels of the smaller of the two images.
double filter_support(Filter filter);

/// The widest or highest image taken: Firefox's largest canvas.
inline constexpr int kLargestImageEdge = 32767;

/// Whether Pillow 13 resizes vertically before it resizes horizontally: when the height shrinks by more than
/// twice what the width does. (Read off its results: 0 exceptions among 2,106 random sizes whose order
/// shows.)
bool vertical_first(int in_width, int in_height, int out_width, int out_height);

/// How one edge of an image is resized, restricted to a window of the result.
///
/// Output pixel i of the window is Σ coefficients[i · taps + t] · input[first[i] + t] for t < count[i].
struct ResizeAxis {
  int window_first;       // where the window starts in the output (in the crop), and how many pixels it has:
  int window_count;       //   pixels of the output outside it are padding
  int taps;               // stride of `coefficients`
  int32_t* coefficients;  // [window_count × taps], 22 fractional bits; or null, and
  float* weights;         // [window_count × taps], the same as floats
  int* first;             // [window_count]
  int* count;             // [window_count]
};

/// Taps of the filter when an edge shrinks from `in` to `out` pixels or grows.
int tap_count(Filter filter, int in, int out);

/// Fills in the axis: an edge of `in` pixels becomes `out`, of which [offset, offset + crop) is the output. A
/// negative offset, or a crop beyond the end, leaves padding. The buffers must hold `crop` pixels of
/// `tap_count`.
void plan_axis(ResizeAxis& axis, Filter filter, int in, int out, int offset, int crop);

/// A sum of 22-bit products starts from one half, so that the final shift rounds.
inline constexpr int kCoefficientBits = 22;
inline constexpr int32_t kHalf = 1 << (kCoefficientBits - 1);

/// Prepares an axis for `resize_row`: of every four coefficients of a pixel, the 22 bits are split into an
/// upper and a lower part, for a multiplication of 16-bit pairs that takes half the time of a 32-bit one.
/// They then stand as upper parts of the first two and the last two, lower parts of the first two and the
/// last two; what is left over of four stays whole.
void split_coefficients(ResizeAxis& axis);

/// One row of RGBA pixels through the horizontal pass: out[window_count × 4], by an axis whose coefficients
/// are split.
void resize_row(uint8_t* out, const uint8_t* rgba, const ResizeAxis& axis);

/// sums[count × 4] += coefficient · row, one step of the vertical pass; sums start from `kHalf`.
void accumulate_row(int32_t* sums, const uint8_t* row, int32_t coefficient, int count);

/// row[count × 4] = the bytes of finished sums.
void finish_row(uint8_t* row, const int32_t* sums, int count);

/// The horizontal pass without rounding to bytes: out[window_count × 4] in units of a byte, by an axis that
/// has weights.
void resize_row(float* out, const uint8_t* rgba, const ResizeAxis& axis);

/// The vertical pass without rounding: sums[count × 4] += weight · row; sums start from 0.
void accumulate_row(float* sums, const float* row, float weight, int count);

}  // namespace vit
