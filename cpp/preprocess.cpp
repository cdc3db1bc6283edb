#include "preprocess.h"

#include <algorithm>
#include <cmath>

namespace vit {
namespace {

std::string size_text(int width, int height) { return std::to_string(width) + "×" + std::to_string(height); }

bool rounds(const Preprocessor& p) { return p.settings.resize_rounding == ResizeRounding::bytes; }

// The pixel value of a byte, or of what is between two, rounded where NumPy rounds: to float after rescaling,
// then in float.
float pixel_value(double byte, const Preprocess& s, size_t channel) {
  const float rescaled = static_cast<float>(byte * s.rescale_factor);
  return (rescaled - static_cast<float>(s.mean[channel])) / static_cast<float>(s.std[channel]);
}

struct Size {
  int width;
  int height;
};

Size with_shortest_edge(int edge, int width, int height) {
  const auto in_proportion = [edge](int64_t long_edge, int64_t short_edge) {
    return static_cast<int>(std::min<int64_t>(edge * long_edge / short_edge, INT32_MAX / 2));
  };
  return width <= height ? Size{edge, in_proportion(height, width)}
                         : Size{in_proportion(width, height), edge};
}

// Halves to even.
int round_edge(double edge) { return static_cast<int>(std::nearbyint(std::min(edge, INT32_MAX / 2.0))); }

Size resized_size(const Preprocess& settings, int width, int height) {
  switch (settings.resize) {
    case ResizeMode::none: return {width, height};
    case ResizeMode::squash: return {settings.resize_width, settings.resize_height};
    case ResizeMode::shortest_edge: return with_shortest_edge(settings.resize_height, width, height);
    case ResizeMode::cover:
    case ResizeMode::contain: break;
  }
  const double across = static_cast<double>(width) / settings.resize_width;
  const double down = static_cast<double>(height) / settings.resize_height;
  const double factor =
      settings.resize == ResizeMode::cover ? std::min(across, down) : std::max(across, down);
  return {round_edge(width / factor), round_edge(height / factor)};
}

int crop_offset(int resized, int output, CropRounding rounding) {
  const int margin = resized - output;
  if (rounding == CropRounding::down) return margin >> 1;
  return margin < 0 ? -(-margin >> 1) : static_cast<int>(std::nearbyint(margin / 2.0));
}

// Coefficients of one axis: sizes come from files, and their product has to stay within reason.
constexpr uint64_t kMostCoefficients = 1 << 26;

// The strongest shrinking: the largest edge to the smaller resized edge, one pixel fewer by truncation.
int tap_capacity(const Preprocess& s) {
  const bool resizes = s.resize != ResizeMode::none;
  const int smallest = resizes ? std::min(s.resize_height, s.resize_width) : kLargestImageEdge;
  return tap_count(s.filter, kLargestImageEdge, smallest) + 2;
}

RowRange rows_read_by(const ResizeAxis& axis) {
  if (axis.window_count <= 0) return {0, 0};
  const int last = axis.window_count - 1;
  return {axis.first[0], axis.first[last] + axis.count[last] - axis.first[0]};
}

// Rows whose vertical pass is under way at a time, where that is not all of them: shrinking, windows are
// 2·support·scale + 1 high at most and a scale apart.
int rows_under_way(Filter filter) { return static_cast<int>(2 * filter_support(filter)) + 3; }

// The second pass of output row `i`, whose sums are complete.
void finish_output_row(Preprocessor& p, int i, const int32_t* sums) {
  const ResizeAxis& across = p.horizontal;
  const int row = p.vertical.window_first + i;
  uint8_t* out = p.resized + 4 * (area(row, p.output_width) + across.window_first);
  if (!p.vertical_first) return finish_row(out, sums, across.window_count);
  finish_row(p.row, sums, p.image_width);
  resize_row(out, p.row, across);
}

// Takes (i, tap) of every output row i of the window that reads a row of the image, and as which of its taps.
template <typename Take>
void for_outputs_of(const ResizeAxis& down, int index, Take take) {
  // Windows start and end in order, so the outputs that read this row are neighbors.
  const int* starts = down.first;
  const int beyond = static_cast<int>(std::upper_bound(starts, starts + down.window_count, index) - starts);
  for (int i = beyond - 1; i >= 0 && down.first[i] + down.count[i] > index; i--) take(i, index - starts[i]);
}

size_t tap_index(const ResizeAxis& axis, int i, int tap) { return area(i, axis.taps) + tap; }

void add_float_row(Preprocessor& p, const uint8_t* rgba) {
  const ResizeAxis &across = p.horizontal, &down = p.vertical;
  resize_row(p.float_row, rgba, across);
  for_outputs_of(down, p.next_row++, [&](int i, int tap) {
    const size_t row = area(down.window_first + i, p.output_width);
    float* sums = p.float_image + 4 * (row + across.window_first);
    if (tap == 0) std::fill_n(sums, 4 * across.window_count, 0.0f);
    accumulate_row(sums, p.float_row, down.weights[tap_index(down, i, tap)], across.window_count);
  });
}

void add_row(Preprocessor& p, const uint8_t* rgba) {
  if (!rounds(p)) return add_float_row(p, rgba);
  const ResizeAxis& down = p.vertical;
  if (!p.vertical_first) resize_row(p.row, rgba, p.horizontal);
  const uint8_t* row = p.vertical_first ? rgba : p.row;
  const int width = p.vertical_first ? p.image_width : p.horizontal.window_count;
  const int slots = p.vertical_first ? rows_under_way(p.settings.filter) : p.output_height;

  for_outputs_of(down, p.next_row++, [&](int i, int tap) {
    int32_t* sums = p.sums + 4 * area(i % slots, width);
    if (tap == 0) std::fill_n(sums, 4 * width, kHalf);
    accumulate_row(sums, row, down.coefficients[tap_index(down, i, tap)], width);
    if (tap + 1 == down.count[i]) finish_output_row(p, i, sums);
  });
}

void fill_with_padding(Preprocessor& p) {
  const int bytes = 4 * p.output_height * p.output_width;
  for (int i = 0; i < bytes; i += 4) {
    for (size_t channel = 0; channel < kChannels; channel++) {
      const size_t value = i + channel;
      if (rounds(p)) {
        p.resized[value] = static_cast<uint8_t>(p.settings.padding[channel]);
      } else {
        p.float_image[value] = static_cast<float>(p.settings.padding[channel]);
      }
    }
  }
}

void write_pixel_values(const Preprocessor& p, float* pixel_values) {
  const int pixels = p.output_height * p.output_width;
  for (int channel = 0; channel < kChannels; channel++) {
    for (int i = 0; i < pixels; i++) {
      *pixel_values++ = rounds(p) ? p.values[channel][p.resized[4 * i + channel]]
                                  : pixel_value(p.float_image[4 * i + channel], p.settings, channel);
    }
  }
}

Preprocessor prepared(const Preprocess& settings, const Config& config) {
  Preprocessor p{};
  p.settings = settings;
  p.output_height = config.image_height;
  p.output_width = config.image_width;
  for (size_t channel = 0; channel < kChannels; channel++) {
    for (int byte = 0; byte < 256; byte++) p.values[channel][byte] = pixel_value(byte, settings, channel);
  }
  p.tap_capacity = tap_capacity(settings);
  // Only images less than half as wide as high, plus what is left of their width, are resized vertically
  // first.
  int widest = 0;
  if (settings.resize != ResizeMode::none) {
    widest = kLargestImageEdge / 2 + std::max(settings.resize_height, settings.resize_width);
  }
  p.widest = std::max(p.output_width, std::min(widest, kLargestImageEdge));
  p.sum_count = std::max(p.output_height * p.output_width, rows_under_way(settings.filter) * p.widest);
  return p;
}

void lay_out(Preprocessor& p) {
  Arena& arena = p.memory;
  const auto axis = [&](int pixels) {
    ResizeAxis a{};
    const size_t taps = area(pixels, p.tap_capacity);
    if (rounds(p)) {
      a.coefficients = arena.take<int32_t>(taps);
    } else {
      a.weights = arena.take<float>(taps);
    }
    a.first = arena.take<int>(pixels);
    a.count = arena.take<int>(pixels);
    return a;
  };
  p.horizontal = axis(p.output_width);
  p.vertical = axis(p.output_height);
  const size_t image = area(p.output_height, p.output_width) * 4;
  if (!rounds(p)) {
    p.float_row = arena.take<float>(area(p.output_width, 4));
    p.float_image = arena.take<float>(image);
    return;
  }
  p.sums = arena.take<int32_t>(area(p.sum_count, 4));
  p.row = arena.take<uint8_t>(area(p.widest, 4));
  p.resized = arena.take<uint8_t>(image);
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
    return "resizing the shortest edge needs a center crop to a model's image that is not square";
  }
  if (s.resize != ResizeMode::none &&
      (s.resize_height < 1 || s.resize_width < 1 || s.resize_height > kLargestImageEdge ||
       s.resize_width > kLargestImageEdge)) {
    return "images cannot be resized to " + size_text(s.resize_width, s.resize_height);
  }
  if (static_cast<uint64_t>(tap_capacity(s)) *
          static_cast<uint64_t>(std::max(config.image_height, config.image_width)) >
      kMostCoefficients) {
    return "an image of any size cannot be resized to " + size_text(s.resize_width, s.resize_height) +
           " and cropped to " + size_text(config.image_width, config.image_height);
  }
  if (filter_support(s.filter) == 0) return "this resampling filter is not one of Pillow's antialiased ones";
  for (double byte : s.padding) {
    if (!(byte >= 0 && byte <= 255)) return "the color of the padding is not one of bytes";
  }
  for (double std : s.std) {
    if (!(std::fabs(std) > 0)) return "a standard deviation is 0";
  }
  return "";
}

std::string begin(Preprocessor& p, const Preprocess& settings, const Config& config) {
  if (std::string error = check(settings, config); !error.empty()) return error;
  p = prepared(settings, config);
  lay_out(p);
  return "";
}

std::string allocate(Preprocessor& p) {
  if (!p.memory.reserve()) return p.memory.shortage();
  lay_out(p);
  return "";
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
  const auto taps = [&] {
    return std::max(tap_count(s.filter, width, resized.width), tap_count(s.filter, height, resized.height));
  };
  if (resized.width < 1 || resized.height < 1 || taps() > p.tap_capacity) {
    return "is too long and thin to be resized: it is " + size_text(width, height);
  }

  const int left = crop_offset(resized.width, p.output_width, s.crop_rounding);
  const int top = crop_offset(resized.height, p.output_height, s.crop_rounding);
  plan_axis(p.horizontal, s.filter, width, resized.width, left, p.output_width);
  if (rounds(p)) split_coefficients(p.horizontal);
  plan_axis(p.vertical, s.filter, height, resized.height, top, p.output_height);
  const double across = static_cast<double>(width) / resized.width;
  const double down = static_cast<double>(height) / resized.height;
  p.seen = {left * across, top * down, p.output_width * across, p.output_height * down};
  fill_with_padding(p);
  p.image_width = width;
  p.vertical_first = rounds(p) && vertical_first(width, height, resized.width, resized.height);
  p.needed_rows = rows_read_by(p.vertical);
  p.next_row = p.needed_rows.first;
  return "";
}

void add_rows(Preprocessor& p, float* pixel_values, const uint8_t* rgba, int rows) {
  const int end = p.needed_rows.first + p.needed_rows.count;
  if (p.next_row >= end) return;
  for (; rows > 0 && p.next_row < end; rows--, rgba += area(p.image_width, 4)) add_row(p, rgba);
  if (p.next_row == end) write_pixel_values(p, pixel_values);
}

}  // namespace vit
