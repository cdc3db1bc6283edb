// RGBA pixels → pixel values, as Python makes them for a ViT: resize, center crop, rescale, normalize.
//
//   Preprocessor preprocessor;
//   begin(preprocessor, settings, config)       checks the settings and computes all sizes
//   allocate(preprocessor)                      takes its memory, as one block
//   begin_image … add_rows                      per image, any number of times
//
// The resize is Pillow's, to the bit, or PyTorch's of floats (kernels/resize.h). The image arrives in bands
// of rows and only the sums of unfinished rows are kept, so a photograph of any size needs the same few
// megabytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "arena.h"
#include "config.h"
#include "kernels/resize.h"

namespace vit {

/// How the image's size becomes the resized size.
enum class ResizeMode {
  none,           // it stays
  squash,         // to resize_height × resize_width, whatever the aspect
  shortest_edge,  // the short edge to resize_height, the long one in proportion, truncated (torchvision's
                  // rule)
  cover,          // by one factor, to resize_height × resize_width or larger in one direction
  contain,        // by one factor, to resize_height × resize_width or smaller in one direction; both are
                  // timm's, whose edges are rounded, halves to even
};

/// Where the center of an odd margin is: which side of the crop has one pixel more.
enum class CropRounding {
  down,       // offsets are rounded down, also negative ones (Hugging Face's center_crop)
  half_even,  // offsets are rounded, halves to even; padding before the image is rounded down (torchvision's)
};

/// How a resize rounds a pixel's value.
enum class ResizeRounding {
  bytes,  // a byte after each of the two passes: Pillow's images
  none,   // a float: torchvision's images that are rescaled before they are resized (DINOv3)
};

/// What a checkpoint's preprocessor_config.json asks for. Steps that are switched off have neutral values.
struct Preprocess {
  ResizeMode resize;
  int resize_height;
  int resize_width;
  Filter filter;
  int crop_height;  // 0 × 0: no center crop
  int crop_width;
  CropRounding crop_rounding;
  std::array<double, 3> padding;  // bytes of R, G, B around an image smaller than the crop
  double rescale_factor;          // usually 1/255
  std::array<double, 3> mean;     // of R, G, B after rescaling
  std::array<double, 3> std;      // of R, G, B after rescaling; none 0
  ResizeRounding resize_rounding = ResizeRounding::bytes;
};

/// Rows [first, first + count) of an image.
struct RowRange {
  int first;
  int count;
};

/// A rectangle in an image, in its pixels.
struct Box {
  double x;
  double y;
  double width;
  double height;
};

/// A prepared Preprocess and the state of the image passing through.
struct Preprocessor {
  Arena memory;  // owns everything the pointers below point to
  Preprocess settings;
  int output_height;  // of the pixel values: the model's image size
  int output_width;
  int tap_capacity;      // the most taps a pixel of the output may have, on either axis
  float values[3][256];  // the pixel value of each byte, per channel

  ResizeAxis horizontal;  // their coefficients: [output edge × tap_capacity]
  ResizeAxis vertical;
  int32_t* sums;     // [sum_count × 4]: rows of the vertical pass under way
  uint8_t* row;      // [widest × 4]: a row after its first pass
  uint8_t* resized;  // [output_height × output_width × 4]: after both; padding where the image does not reach
  float* float_row;  // [output_width × 4], where the resize does not round, instead of the three
  float* float_image;  // [output_height × output_width × 4]: sums; padding where the image does not reach
  int sum_count;
  int widest;  // the widest image that is resized vertically first, or the output if that is wider

  int image_width;
  bool vertical_first;   // for this image
  int next_row;          // of the image
  RowRange needed_rows;  // of the image: the others do not touch the output
  Box seen;              // the part of the image that the output shows; beyond its edges where it is padded
};

/// Empty, or why these settings cannot give pixel values for `config`.
[[nodiscard]] std::string check(const Preprocess& preprocess, const Config& config);

/// Checks the settings and computes the size of every table and buffer, in `memory.used()`. `config` has
/// passed its own check.
[[nodiscard]] std::string begin(Preprocessor& preprocessor, const Preprocess& settings, const Config& config);

/// Allocates all of them, once.
[[nodiscard]] std::string allocate(Preprocessor& preprocessor);

/// Starts an image of `width` × `height` pixels: afterwards its rows [needed_rows.first, + needed_rows.count)
/// are to be given to `add_rows`, in order, and no others.
[[nodiscard]] std::string begin_image(Preprocessor& preprocessor, int width, int height);

/// Takes the next `rows` rows, RGBA; with the last needed one, writes pixel_values[3 × output_height ×
/// output_width]. Alpha is dropped, as Pillow's convert("RGB") does. Cost: about four multiply-adds per pixel
/// and channel when shrinking.
void add_rows(Preprocessor& preprocessor, float* pixel_values, const uint8_t* rgba, int rows);

}  // namespace vit
