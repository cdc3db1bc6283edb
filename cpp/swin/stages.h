// The stages of a Swin Transformer (Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using
// Shifted Windows"), each described as a plain ViT, so that a plain ViT's functions serve it.
#pragma once

#include <string>

#include "../config.h"

namespace vit {

/// Epsilon of the norms outside of blocks, except the last: PyTorch's default, whatever the configuration
/// says.
inline constexpr float kOuterEps = 1e-5f;

/// The configuration of the patch embedding, whose width is that of the first stage.
Config embedding_config(const Config& config);

/// The configuration of a stage: its width, heads and grid, whose tokens are patches of one pixel.
Config stage_config(const Config& config, int stage);

/// The configuration of one window of a stage.
Config window_config(const Config& config, int stage);

/// The configuration of the tokens that the head sees: the last stage's, or a plain ViT's own.
Config final_config(const Config& config);

/// A stage's grid of tokens in windows. Where it is not a whole number of them, it is padded with zeros at
/// the bottom and the right; then, in every other block, everything moves up and left by `shift`, around the
/// edges.
struct WindowGrid {
  int rows;
  int columns;
  int window;
  int shift;
};

/// The grid of the block with this index in its stage.
WindowGrid window_grid(const Config& config, int stage, int block);

constexpr int windows_down(const WindowGrid& g) { return ceil_div(g.rows, g.window); }
constexpr int windows_across(const WindowGrid& g) { return ceil_div(g.columns, g.window); }
constexpr int windowed_tokens(const WindowGrid& g) {
  return windows_down(g) * windows_across(g) * g.window * g.window;
}

/// Empty, or what makes the windows impossible. The plain part of the configuration has passed its own
/// checks.
[[nodiscard]] std::string check_windows(const Config& config);

}  // namespace vit
