// Pillow's antialiased resize (Pillow's Resample.c), one axis at a time, to the bit.
//
// A resized pixel is a weighted sum of `taps` pixels around its centre. Shrinking, the filter is stretched by
// the scale, so that every pixel counts: this is what browsers' canvas scaling lacks. Weights are fixed-point
// with 22 fractional bits; the horizontal pass is rounded to bytes before the vertical one. Sums of integers
// are the same in any order, which is what lets the passes be vectorised and rows arrive in bands.
#pragma once

#include <cstdint>

namespace vit {

/// The filters of Pillow's resize, under Pillow's numbers.
enum class Filter { lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };

/// How far the filter reaches from its centre, in pixels of the smaller of the two images.
double filter_support(Filter filter);

/// The widest or highest image taken: Chromium's largest canvas.
inline constexpr int kLargestImageEdge = 65535;

/// How one edge of an image is resized, restricted to a window of the result.
///
/// Output pixel i of the window is Σ coefficients[i · taps + t] · input[first[i] + t] for t < count[i].
struct ResizeAxis {
  int window_first;       // where the window starts in the output (in the crop), and how many pixels it has:
  int window_count;       //   pixels of the output outside it are padding
  int taps;               // stride of `coefficients`
  int32_t* coefficients;  // [window_count × taps], 22 fractional bits
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

/// One row of RGBA pixels through the horizontal pass: out[window_count × 4].
void resize_row(uint8_t* out, const uint8_t* rgba, const ResizeAxis& axis);

/// sums[count × 4] += coefficient · row, one step of the vertical pass.
void accumulate_row(int32_t* sums, const uint8_t* row, int32_t coefficient, int count);

/// The byte a finished sum stands for.
inline uint8_t to_byte(int32_t sum) {
  const int32_t value = sum >> kCoefficientBits;
  return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

}  // namespace vit
