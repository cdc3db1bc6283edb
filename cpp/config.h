// What a Vision Transformer's sizes are: everything that distinguishes one plain ViT from another.
#pragma once

#include <string>

#include "kernels/kernels.h"

namespace vit {

/// A plain ViT classifier: class token, pre-norm encoder blocks, a linear head on the class token. All of it
/// comes from the checkpoint; nothing here has a default.
struct Config {
  int image_height;      // pixels; a whole number of patches
  int image_width;       // pixels; a whole number of patches
  int patch_height;      // pixels
  int patch_width;       // pixels
  int hidden;            // D: width of a token; a whole number of attention heads
  int layers;            // encoder blocks
  int heads;             // attention heads per block
  int mlp_hidden;        // width of the MLP's inner layer
  int classes;           // outputs of the head
  float layer_norm_eps;  // 1e-12 in Hugging Face's ViT, 1e-6 in timm's: the logits' fifth digit shows it
  Activation activation;
  bool qkv_bias;  // whether queries, keys and values have biases
};

inline constexpr int kChannels = 3;  // RGB

constexpr int patch_count(const Config& c) {
  return (c.image_height / c.patch_height) * (c.image_width / c.patch_width);
}

/// Patches and the class token.
constexpr int token_count(const Config& c) { return patch_count(c) + 1; }

/// Values of one flattened patch, channel by channel.
constexpr int patch_values(const Config& c) { return kChannels * c.patch_height * c.patch_width; }

/// d: the width of one attention head.
constexpr int head_size(const Config& c) { return c.hidden / c.heads; }

/// Empty, or what makes the configuration impossible.
std::string check(const Config& config);

}  // namespace vit
