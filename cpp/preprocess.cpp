#include "preprocess.h"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

std::string size_text(int width, int height) { return std::to_string(width) + "×" + std::to_string(height); }

// The pixel value of a byte, rounded where NumPy rounds: to float after rescaling, then in float.
void fill_values(float (&values)[256], double rescale_factor, double mean, double std) {
  for (int byte = 0; byte < 256; byte++) {
    const float rescaled = static_cast<float>(byte * rescale_factor);
    values[byte] = (rescaled - static_cast<float>(mean)) / static_cast<float>(std);
  }
}

struct Size {
  int width;
  int height;
};

Size resized_size(const Preprocess& settings, int width, int height) {
  switch (settings.resize) {
    case ResizeMode::none: return {width, height};
    case ResizeMode::squash: return {settings.resize_width, settings.resize_height};
    case ResizeMode::shortest_edge: break;
  }
  const auto in_proportion = [&](int64_t long_edge, int64_t short_edge) {
    return static_cast<int>(
        std::min<int64_t>(settings.resize_height * long_edge / short_edge, INT32_MAX / 2));
  };
  return width <= height ? Size{settings.resize_height, in_proportion(height, width)}
                         : Size{in_proportion(width, height), settings.resize_height};
}

// Rounded down also where negative, as Python's // does.
int crop_offset(int resized, int output) { return (resized - output) >> 1; }

RowRange rows_read_by(const ResizeAxis& axis) {
  if (axis.window_count <= 0) return {0, 0};
  const int last = axis.window_count - 1;
  return {axis.first[0], axis.first[last] + axis.count[last] - axis.first[0]};
}

void add_row(Preprocessor& p, const uint8_t* rgba) {
  const ResizeAxis& axis = p.vertical;
  resize_row(p.resized_row, rgba, p.horizontal);
  const int row = p.next_row++;
  // Windows start and end in order, so the outputs that read this row are neighbours.
  const int* starts = axis.first;
  const int beyond = static_cast<int>(std::upper_bound(starts, starts + axis.window_count, row) - starts);
  for (int i = beyond - 1; i >= 0 && axis.first[i] + axis.count[i] > row; i--) {
    const size_t line = static_cast<size_t>(axis.window_first + i) * static_cast<size_t>(p.output_width);
    const size_t first = line + static_cast<size_t>(p.horizontal.window_first);
    const int32_t coefficient = axis.coefficients[static_cast<size_t>(i) * static_cast<size_t>(axis.taps) +
                                                  static_cast<size_t>(row - axis.first[i])];
    accumulate_row(p.sums + 4 * first, p.resized_row, coefficient, p.horizontal.window_count);
  }
}

void write_pixel_values(const Preprocessor& p, float* pixel_values) {
  const int pixels = p.output_height * p.output_width;
  for (int channel = 0; channel < kChannels; channel++) {
    for (int i = 0; i < pixels; i++) {
      *pixel_values++ = p.values[channel][to_byte(p.sums[4 * i + channel])];
    }
  }
}

}  // namespace

std::string check(const Preprocess& s, const Config& config) {
  const bool crops = s.crop_height > 0 || s.crop_width > 0;
  const int height = crops ? s.crop_height : s.resize_height;
  const int width = crops ? s.crop_width : s.resize_width;
  const bool fixed = crops || s.resize == ResizeMode::squash;
  if (fixed && (height != config.image_height || width != config.image_width)) {
    return "preprocessing gives " + size_text(width, height) + " pixels, but the model takes " +
           size_text(config.image_width, config.image_height);
  }
  if (s.resize == ResizeMode::shortest_edge && !crops && config.image_height != config.image_width) {
    return "resizing the shortest edge needs a centre crop to a model's image that is not square";
  }
  if (s.resize != ResizeMode::none &&
      (s.resize_height < 1 || s.resize_width < 1 || s.resize_height > kLargestImageEdge ||
       s.resize_width > kLargestImageEdge)) {
    return "images cannot be resized to " + size_text(s.resize_width, s.resize_height);
  }
  if (filter_support(s.filter) == 0) return "this resampling filter is not one of Pillow's antialiased ones";
  for (double std : s.std) {
    if (!(std::fabs(std) > 0)) return "a standard deviation is 0";
  }
  return "";
}

Preprocessor make_preprocessor(const Preprocess& settings, const Config& config) {
  Preprocessor p{};
  p.settings = settings;
  p.output_height = config.image_height;
  p.output_width = config.image_width;
  for (size_t channel = 0; channel < kChannels; channel++) {
    fill_values(p.values[channel], settings.rescale_factor, settings.mean[channel], settings.std[channel]);
  }
  // The strongest shrinking: the largest edge to the smaller resized edge, one pixel fewer by truncation.
  const bool resizes = settings.resize != ResizeMode::none;
  const int smallest = resizes ? std::min(settings.resize_height, settings.resize_width) : kLargestImageEdge;
  p.tap_capacity = tap_count(settings.filter, kLargestImageEdge, smallest) + 2;
  return p;
}

void lay_out_preprocessor(Preprocessor& p, Arena& arena) {
  const auto axis = [&](int edge) {
    const size_t pixels = static_cast<size_t>(edge);
    ResizeAxis a{};
    a.coefficients = arena.take<int32_t>(pixels * static_cast<size_t>(p.tap_capacity));
    a.first = arena.take<int>(pixels);
    a.count = arena.take<int>(pixels);
    return a;
  };
  p.horizontal = axis(p.output_width);
  p.vertical = axis(p.output_height);
  p.sums =
      arena.take<int32_t>(static_cast<size_t>(p.output_height) * static_cast<size_t>(p.output_width) * 4);
  p.resized_row = arena.take<uint8_t>(static_cast<size_t>(p.output_width) * 4);
}

std::string begin_image(Preprocessor& p, int width, int height) {
  if (width < 1 || height < 1) return "has no pixels: it is " + size_text(width, height);
  if (width > kLargestImageEdge || height > kLargestImageEdge) {
    return "is " + size_text(width, height) + ", but an edge may have at most " +
           std::to_string(kLargestImageEdge) + " pixels";
  }
  const Preprocess& s = p.settings;
  const Size resized = resized_size(s, width, height);
  const bool crops = s.crop_height > 0;
  if (!crops && (resized.height != p.output_height || resized.width != p.output_width)) {
    return "comes out of preprocessing as " + size_text(resized.width, resized.height) +
           ", but the model takes " + size_text(p.output_width, p.output_height);
  }
  const int taps =
      std::max(tap_count(s.filter, width, resized.width), tap_count(s.filter, height, resized.height));
  if (taps > p.tap_capacity) return "is too long and thin to be resized: it is " + size_text(width, height);

  plan_axis(p.horizontal, s.filter, width, resized.width, crop_offset(resized.width, p.output_width),
            p.output_width);
  plan_axis(p.vertical, s.filter, height, resized.height, crop_offset(resized.height, p.output_height),
            p.output_height);
  std::fill_n(p.sums, static_cast<size_t>(p.output_height) * static_cast<size_t>(p.output_width) * 4, kHalf);
  p.image_width = width;
  p.needed_rows = rows_read_by(p.vertical);
  p.next_row = p.needed_rows.first;
  return "";
}

void add_rows(Preprocessor& p, float* pixel_values, const uint8_t* rgba, int rows) {
  const int end = p.needed_rows.first + p.needed_rows.count;
  if (p.next_row >= end) return;
  for (; rows > 0 && p.next_row < end; rows--, rgba += static_cast<size_t>(p.image_width) * 4)
    add_row(p, rgba);
  if (p.next_row == end) write_pixel_values(p, pixel_values);
}

}  // namespace vit
