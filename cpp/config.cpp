#include "config.h"

namespace vit {
namespace {

// Far beyond any published ViT; keeps every size computed from a Config inside 32 bits.
constexpr int kLargestSize = 1 << 16;

std::string check_size(const char* name, int value) {
  if (value >= 1 && value <= kLargestSize) return "";
  return std::string(name) + " is " + std::to_string(value) + ", but must be between 1 and " +
         std::to_string(kLargestSize);
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
  if (token_count(c) > kLargestSize) return "the image has more than 65,535 patches";
  if (c.hidden % c.heads) {
    return "a hidden size of " + std::to_string(c.hidden) + " cannot be split into " +
           std::to_string(c.heads) + " attention heads";
  }
  if (!(c.layer_norm_eps > 0)) return "layer_norm_eps must be above 0";
  return "";
}

}  // namespace vit
