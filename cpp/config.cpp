#include "config.h"

#include <cstdint>

namespace vit {
namespace {

// Far beyond any published ViT.
constexpr int kLargestSize = 1 << 16;

// Elements of one buffer: far beyond any published ViT, too, and few enough for 32-bit offsets everywhere.
constexpr uint64_t kMostElements = 1 << 29;

std::string check_size(const char* name, int value) {
  if (value >= 1 && value <= kLargestSize) return "";
  return std::string(name) + " is " + std::to_string(value) + ", but must be between 1 and " +
         std::to_string(kLargestSize);
}

// Sizes come from files, so no product of two may be trusted to fit an int before this has passed.
std::string check_products(const Config& c) {
  const auto product = [](int a, int b) { return static_cast<uint64_t>(a) * static_cast<uint64_t>(b); };
  const uint64_t patches = product(c.image_height / c.patch_height, c.image_width / c.patch_width);
  if (patches >= kLargestSize) return "the image has more than 65,535 patches";
  const int tokens = static_cast<int>(patches) + 1;
  const uint64_t buffers[] = {
      4 * product(c.image_height, c.image_width),  // the resized image, RGBA
      kChannels * product(c.patch_height, c.patch_width) * static_cast<uint64_t>(packed_columns(c.hidden)),
      product(packed_columns(c.hidden), packed_columns(c.hidden)),
      product(packed_columns(c.hidden), packed_columns(c.mlp_hidden)),
      product(c.hidden, packed_columns(c.classes)),
      product(packed_columns(tokens), packed_columns(c.hidden)),
      product(tokens, c.mlp_hidden),
  };
  for (uint64_t elements : buffers) {
    if (elements > kMostElements) return "a buffer of more than 2 GB would be needed";
  }
  return "";
}

}  // namespace

std::string check(const Config& c) {
  const struct {
    const char* name;
    int value;
  } sizes[] = {
      {"image height", c.image_height}, {"image width", c.image_width},    {"patch height", c.patch_height},
      {"patch width", c.patch_width},   {"hidden size", c.hidden},         {"number of layers", c.layers},
      {"number of heads", c.heads},     {"MLP hidden size", c.mlp_hidden}, {"number of classes", c.classes}};
  for (const auto& size : sizes) {
    if (std::string error = check_size(size.name, size.value); !error.empty()) return error;
  }
  if (c.image_height % c.patch_height || c.image_width % c.patch_width) {
    return "an image of " + std::to_string(c.image_width) + "×" + std::to_string(c.image_height) +
           " is not a whole number of patches of " + std::to_string(c.patch_width) + "×" +
           std::to_string(c.patch_height);
  }
  if (std::string error = check_products(c); !error.empty()) return error;
  if (c.hidden % c.heads) {
    return "a hidden size of " + std::to_string(c.hidden) + " cannot be split into " +
           std::to_string(c.heads) + " attention heads";
  }
  if (!(c.layer_norm_eps > 0)) return "layer_norm_eps must be above 0";
  return "";
}

}  // namespace vit
