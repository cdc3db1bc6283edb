// The intermediate results of a forward pass.
#pragma once

#include <string_view>

namespace vit {

/// One stage's result, shown to an observer while `forward` runs: a row-major matrix, valid only during the
/// call.
struct Stage {
  std::string_view name;  // "patches", "tokens", "norm_pre" (where there is one), "blocks", "norm", "pooled",
                          // "joint", "logits", "probabilities"
  int layer;              // the encoder block that came before; also 0 before the first
  const float* data;      // [rows × columns]
  int rows;
  int columns;
};

/// Called after every stage of `forward`: how tests compare each with the reference implementation.
struct Observer {
  void* context = nullptr;
  void (*see)(void* context, const Stage& stage) = nullptr;

  void operator()(const Stage& stage) const {
    if (see) see(context, stage);
  }
};

}  // namespace vit
