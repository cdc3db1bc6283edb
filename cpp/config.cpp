#include "config.h"

#include <algorithm>
#include <cstdint>

#include "distance_bias.h"
#include "swin/stages.h"

namespace vit {
namespace {

// Far beyond any published ViT, of which none has a hundred blocks; so few that any model is read in a
// second.
constexpr int kLargestSize = 1 << 16;
constexpr int kMostLayers = 256;

// Sizes come from files, so no product of two may be trusted to fit an int before this has passed.
[[nodiscard]] std::string check_products(const Config& c) {
  const auto product = [](int a, int b) { return static_cast<uint64_t>(a) * static_cast<uint64_t>(b); };
  const uint64_t patches = product(grid_rows(c), grid_columns(c));
  const uint64_t positions = product(c.position_rows, c.position_columns);
  if (std::max(patches, positions) + static_cast<uint64_t>(prefix_count(c)) > kLargestSize) {
    return "there would be more than 65,536 tokens";
  }
  const int tokens = token_count(c);
  const uint64_t buffers[] = {
      4 * product(c.image_height, c.image_width),  // the resized image, RGBA
      kChannels * product(c.patch_height, c.patch_width) * static_cast<uint64_t>(packed_columns(c.hidden)),
      product(packed_columns(c.hidden), packed_columns(c.hidden)),
      product(packed_columns(c.hidden), packed_columns(c.mlp_hidden)),
      product(2 * c.hidden, packed_columns(c.classes)),
      product(2 * c.hidden, packed_columns(c.pre_logits)),
      product(c.pre_logits, packed_columns(c.classes)),
      product(packed_columns(tokens), packed_columns(c.hidden)),
      product(static_cast<int>(positions) + c.positioned_prefix, c.hidden),
      product(tokens, c.mlp_hidden),
      product(c.hidden, packed_columns(c.joint_width)),
      4 * std::max(patches, positions) * static_cast<uint64_t>(c.heads),
      product(packed_columns(c.heads), c.distance_width),
      product(static_cast<int>(patches), c.rotary.learned ? c.hidden : 0),
  };
  for (uint64_t elements : buffers) {
    if (elements > kMostElements) return "a buffer of more than 2 GB would be needed";
  }
  const bool shared = c.relative_positions == RelativePositions::shared;
  if (distance_steps(c) * static_cast<uint64_t>(shared ? 1 : c.layers) > kMostDistanceSteps) {
    return "its relative positions would take too long to compute";
  }
  return "";
}

[[nodiscard]] std::string check_positions(const Config& c) {
  if (!c.learned_positions && c.positioned_prefix > 0) {
    return "prefix tokens have position embeddings, but patches have none";
  }
  if (c.rotary.theta == 0) return "";
  if (!(c.rotary.theta >= 1)) return "the base of the rotary frequencies must be at least 1";
  if (head_size(c) % 4) {
    return "rotary positions need attention heads whose size is a multiple of 4, not " +
           std::to_string(head_size(c));
  }
  return "";
}

[[nodiscard]] std::string check_tokens(const Config& c) {
  if (c.positioned_prefix > prefix_count(c)) {
    return "position embeddings are for more prefix tokens than there are";
  }
  if (pools_class_token(c) && !c.class_token) return "the head needs a class token, but there is none";
  if (c.pooling == Pooling::class_and_distillation && !c.distillation_token) {
    return "the head needs a distillation token, but there is none";
  }
  if (c.pooling == Pooling::class_and_distillation && c.pre_logits > 0) {
    return "a layer before the head cannot serve two heads";
  }
  if (c.joint_width > 0 && pooled_vectors(c.pooling) > 1) {
    return "embeddings shared with texts need a pooling of one vector";
  }
  if (c.text && (grid_rows(c) > 1 || prefix_count(c) > 0 || c.classes > 0)) {
    return "a text has one row of tokens, no prefix tokens and no head";
  }
  return "";
}

}  // namespace

std::string check(const Config& c) {
  const struct {
    const char* name;
    int value;
    int smallest;
    int largest = kLargestSize;
  } sizes[] = {{"image height", c.image_height, 1},
               {"image width", c.image_width, 1},
               {"patch height", c.patch_height, 1},
               {"patch width", c.patch_width, 1},
               {"hidden size", c.hidden, 1},
               {"number of layers", c.layers, 1, kMostLayers},
               {"number of heads", c.heads, 1},
               {"MLP hidden size", c.mlp_hidden, 1},
               {"number of classes", c.classes, 0},
               {"number of registers", c.registers, 0},
               {"number of prefix tokens with positions", c.positioned_prefix, 0},
               {"height of the position embeddings' grid", c.position_rows, 1},
               {"width of the position embeddings' grid", c.position_columns, 1},
               {"width of the layer before the head", c.pre_logits, 0},
               {"width of the shared embeddings", c.joint_width, 0},
               {"width of the network of distances", c.distance_width, 0},
               {"number of heads of the pool", c.pool_heads, 0},
               {"height of the rotary positions' reference grid", c.rotary.reference_rows, 0},
               {"width of the rotary positions' reference grid", c.rotary.reference_columns, 0}};
  for (const auto& [name, value, smallest, largest] : sizes) {
    if (value >= smallest && value <= largest) continue;
    return std::string(name) + " is " + std::to_string(value) + ", but must be between " +
           std::to_string(smallest) + " and " + std::to_string(largest);
  }
  if (c.image_height % c.patch_height || c.image_width % c.patch_width) {
    return "an image of " + std::to_string(c.image_width) + "×" + std::to_string(c.image_height) +
           " is not a whole number of patches of " + std::to_string(c.patch_width) + "×" +
           std::to_string(c.patch_height);
  }
  if (std::string error = check_tokens(c); !error.empty()) return error;
  if (std::string error = check_products(c); !error.empty()) return error;
  for (int heads : {c.heads, pool_config(c).heads}) {
    if (c.hidden % heads == 0) continue;
    return "a hidden size of " + std::to_string(c.hidden) + " cannot be split into " + std::to_string(heads) +
           " attention heads";
  }
  if (std::string error = check_positions(c); !error.empty()) return error;
  if (c.text && c.block_order != BlockOrder::norms_before) return "a text's blocks need their norms before";
  if (!(c.layer_norm_eps > 0)) return "layer_norm_eps must be above 0";
  return check_windows(c);
}

}  // namespace vit
