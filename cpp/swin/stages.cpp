#include "stages.h"

#include <algorithm>
#include <cstdint>

#include "../distance_bias.h"

namespace vit {
namespace {

constexpr int kLargestWindow = 256;
constexpr int kDistanceWidth = 512;

const SwinStage& stage_of(const Config& c, int stage) { return c.windows.stages[stage]; }

// How often the width doubles after this stage.
int doublings_after(const Config& c, int stage) { return c.windows.count - 1 - stage; }

// Whether transformers and timm drop the shift where a window is as large as the grid. For version 2,
// transformers decides it by the images of pretraining, so it is in the configuration.
bool drops_shift(const Config& c) { return !c.windows.cosine || c.windows.as_timm; }

std::string in_stage(int stage) { return " in stage " + std::to_string(stage + 1); }

[[nodiscard]] std::string check_stage(const Config& c, int stage) {
  const auto& [blocks, heads, window, shift, reference] = stage_of(c, stage);
  if (blocks < 1 || blocks > 1000) return "there must be between 1 and 1000 blocks" + in_stage(stage);
  if (window < 1 || window > kLargestWindow || reference < 0 || reference > kLargestWindow) {
    return "a window must be 1 to 256 tokens wide" + in_stage(stage);
  }
  if (shift < 0 || shift >= window) return "windows cannot be shifted by their size" + in_stage(stage);
  const Config s = stage_config(c, stage);
  if (heads < 1 || s.hidden % heads) {
    return "a width of " + std::to_string(s.hidden) + " cannot be split into " + std::to_string(heads) +
           " attention heads" + in_stage(stage);
  }
  const int rows = grid_rows(s), columns = grid_columns(s);
  if (c.windows.as_timm ? rows % window || columns % window
                        : !c.windows.cosine && std::min(rows, columns) < window) {
    return "images of " + std::to_string(c.image_width) + "×" + std::to_string(c.image_height) +
           " pixels are not whole windows" + in_stage(stage) + ", as the reference needs them";
  }
  const uint64_t tokens = static_cast<uint64_t>(rows + window) * static_cast<uint64_t>(columns + window);
  const uint64_t distances = 4 * static_cast<uint64_t>(window) * static_cast<uint64_t>(window);
  if (tokens * static_cast<uint64_t>(std::max(4 * s.hidden, s.mlp_hidden)) > kMostElements ||
      distances * static_cast<uint64_t>(std::max(heads, kDistanceWidth)) > kMostElements) {
    return "a buffer of more than 2 GB would be needed";
  }
  if (distance_steps(window_config(c, stage)) * static_cast<uint64_t>(blocks) > kMostDistanceSteps) {
    return "its relative positions would take too long to compute" + in_stage(stage);
  }
  return "";
}

}  // namespace

Config embedding_config(const Config& c) {
  Config s = c;
  s.hidden = c.hidden >> doublings_after(c, 0);
  s.layer_norm_eps = kOuterEps;
  return s;
}

Config stage_config(const Config& c, int stage) {
  Config s = c;
  s.image_height = grid_rows(c), s.image_width = grid_columns(c);
  s.patch_height = s.patch_width = 1;
  for (int i = 0; i < stage; i++) {
    s.image_height = (s.image_height + 1) / 2;
    s.image_width = (s.image_width + 1) / 2;
  }
  s.hidden = c.hidden >> doublings_after(c, stage);
  s.mlp_hidden = c.mlp_hidden >> doublings_after(c, stage);
  s.heads = stage_of(c, stage).heads;
  return s;
}

Config window_config(const Config& c, int stage) {
  Config s = stage_config(c, stage);
  s.image_height = s.image_width = stage_of(c, stage).window;
  s.position_rows = s.position_columns = s.image_height;
  s.relative_positions = RelativePositions::per_block;
  if (c.windows.cosine) s.distance_width = kDistanceWidth;
  return s;
}

Config final_config(const Config& c) { return has_windows(c) ? stage_config(c, c.windows.count - 1) : c; }

WindowGrid window_grid(const Config& c, int stage, int block) {
  const Config s = stage_config(c, stage);
  const int window = stage_of(c, stage).window;
  const bool covered = drops_shift(c) && std::min(grid_rows(s), grid_columns(s)) <= window;
  return {grid_rows(s), grid_columns(s), window, block % 2 == 0 || covered ? 0 : stage_of(c, stage).shift};
}

std::string check_windows(const Config& c) {
  if (!has_windows(c)) return "";
  if (c.windows.count > kMostStages) return "there are more than 4 stages";
  const int doubled = 1 << doublings_after(c, 0);
  if (c.hidden % doubled || c.mlp_hidden % doubled) return "the width does not double from stage to stage";
  if (prefix_count(c) > 0 || c.text || has_rotary(c)) return "windows have no tokens but patches";
  if (c.pooling != Pooling::mean_patches) return "windows need the mean of all tokens as pooling";
  if (c.pre_logits > 0 || c.joint_width > 0) return "windows need a head that sees the pooled features";
  for (int stage = 0; stage < c.windows.count; stage++) {
    if (std::string error = check_stage(c, stage); !error.empty()) return error;
  }
  return "";
}

}  // namespace vit
