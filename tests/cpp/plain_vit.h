// A small ViT with none of the options, for tests of the network to start from.
#pragma once

#include "../../cpp/config.h"

namespace vit {

/// Images of 3 × 2 patches; widths that are not whole vectors.
inline constexpr Config kPlainVit{.image_height = 12,
                                  .image_width = 8,
                                  .patch_height = 4,
                                  .patch_width = 4,
                                  .hidden = 18,
                                  .layers = 2,
                                  .heads = 3,
                                  .mlp_hidden = 13,
                                  .classes = 7,
                                  .layer_norm_eps = 1e-6f,
                                  .activation = Activation::silu,
                                  .class_token = true,
                                  .distillation_token = false,
                                  .registers = 0,
                                  .positioned_prefix = 1,
                                  .position_rows = 3,
                                  .position_columns = 2,
                                  .position_resampling = Resampling::bicubic,
                                  .patch_bias = true,
                                  .qkv_bias = true,
                                  .projection_bias = true,
                                  .pre_norm = false,
                                  .qk_norm = false,
                                  .layer_scale = false,
                                  .gated_mlp = false,
                                  .final_norm = true,
                                  .pooling = Pooling::class_token,
                                  .pooled_norm = false,
                                  .pre_logits = 0,
                                  .multi_label = false};

}  // namespace vit
