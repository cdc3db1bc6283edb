// What a Vision Transformer is made of: everything that distinguishes one plain ViT from another.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "kernels/kernels.h"

namespace vit {

/// Which tokens become what the head sees: the pooled features.
enum class Pooling {
  class_token,     // [D]
  mean_patches,    // [D], the mean of the patches' tokens
  mean_tokens,     // [D], the mean of all tokens
  class_and_mean,  // [2·D], the class token, then the mean of the patches' tokens (DINOv2's classifier)
  class_and_distillation,  // [2·D], each with a head of its own, whose logits are averaged (distilled DeiT)
  attention,               // [D], what a learned query attends to, then an MLP (SigLIP)
  last_token,              // [D], of each text (CLIP's end of text)
};

/// What an index i on an axis of n patches becomes for rotary positions.
enum class RotaryCoordinates {
  centered,   // 2π · (2·(i + ½)/n − 1), the angle of the patch's center (DINOv3)
  reference,  // (i + offset) · reference/n, its index in the grid of pretraining (EVA-02); 0: i + offset
};

/// Rotary position embeddings of the patches (rotary.h).
struct Rotary {
  float theta = 0;       // the base of the frequencies; 0: there are none
  bool learned = false;  // each block's attention heads have frequencies of their own instead (RoPE-Mixed,
                         // Heo et al. 2024)
  RotationPairs pairs{};
  RotaryCoordinates coordinates{};
  float offset = 0;
  int reference_rows = 0;
  int reference_columns = 0;
  bool columns_first = false;  // the column's angles come before the row's
};

/// Which biases by relative position attention's scores have (score_bias.h).
enum class RelativePositions {
  none,
  per_block,  // each block has its own table
  shared,     // one table for all blocks
};

/// How attention and MLP of an encoder block follow each other (encoder.h).
enum class BlockOrder {
  norms_before,
  norms_after,  // residual post-norm (Liu et al. 2022, Swin V2)
  parallel,     // beside each other (Dehghani et al. 2023, ViT-22B)
};

/// One stage of a Swin Transformer: encoder blocks on a grid of tokens, each of which attends within its
/// window of `window` × `window` tokens.
struct SwinStage {
  int blocks;
  int heads;
  int window;
  int shift;             // of the windows in every other block, in tokens
  int reference_window;  // of pretraining, to which distances are scaled (cosine)
};

inline constexpr int kMostStages = 4;

/// The windows of a Swin Transformer (Liu et al. 2021). Each stage but the first begins by merging 2 × 2
/// tokens into one of twice the width; `hidden`, `heads` and `mlp_hidden` of Config are those of the last,
/// and `layers` the blocks of all.
struct Windows {
  std::array<SwinStage, kMostStages> stages{};
  int count = 0;         // of stages; 0: a plain ViT
  bool cosine = false;   // of version 2 (Liu et al. 2022): cosines as scores, their bias computed from
                         // distances by a small network, and norms after attention and MLP instead of before
  bool as_timm = false;  // where the two libraries differ: which sizes of images they take, and how
};

/// A plain ViT: patches and prefix tokens, pre-norm encoder blocks, a linear head on pooled features. All of
/// it comes from the checkpoint; only what few families have is off by default.
///
/// Prefix tokens stand before the patches, in this order: class token, distillation token, registers.
struct Config {
  int image_height;      // pixels; a whole number of patches
  int image_width;       // pixels; a whole number of patches
  int patch_height;      // pixels
  int patch_width;       // pixels
  int hidden;            // D: width of a token; a whole number of attention heads
  int layers;            // encoder blocks
  int heads;             // attention heads per block
  int mlp_hidden;        // width of the MLP's inner layer; of a gated MLP, of each half
  int classes;           // outputs of the head; 0 when there is no head
  float layer_norm_eps;  // 1e-12 in Hugging Face's ViT, 1e-6 in timm's: the logits' fifth digit shows it
  Activation activation;

  bool class_token;
  bool distillation_token;  // DeiT (Touvron et al. 2021)
  int registers;            // Darcet et al. 2024
  int positioned_prefix;    // how many of the prefix tokens, from the first, have a position embedding

  // The grid of patches that the checkpoint's position embeddings are for. Where it is not the image's, they
  // are resampled when the weights have arrived, as the family's own library does.
  int position_rows;
  int position_columns;
  Resampling position_resampling;
  bool learned_positions = true;  // whether there are any

  RelativePositions relative_positions{};  // for the same grid as learned ones
  int distance_width = 0;  // of the small network that computes them (distance_bias.h); 0: tables are given

  Rotary rotary{};  // in every block, along with them or instead

  bool patch_bias;       // whether the patch embedding has a bias
  bool qkv_bias;         // whether queries, keys and values have biases; keys only if, too,
  bool key_bias = true;  // without, nothing is lost: softmax cancels what a query's scores have in common
  bool projection_bias;  // whether attention's projection and the MLP have biases
  BlockOrder block_order{};
  bool rms_norm = false;        // all norms are RMS norms (Zhang & Sennrich 2019): no mean, no bias
  bool patch_norm = false;      // a norm of the patches before they get their positions (AIMv2)
  bool pre_norm;                // a layer norm before the blocks (CLIP)
  bool qk_norm;                 // a layer norm of every head's queries and keys (Dehghani et al. 2023)
  bool attention_norm = false;  // a layer norm of attention's result before its projection (NormFormer,
                                // Shleifer et al. 2021; EVA-02's CLIP)
  bool mlp_norm = false;        // a layer norm of the MLP's inner layer (the same; EVA-02)
  bool layer_scale;             // a factor per channel on what a block adds (Touvron et al. 2021, CaiT)
  bool gated_mlp;               // activation(gate) · first layer (SwiGLU, Shazeer 2020)

  bool text = false;  // tokens are those of texts, a grid of one row, and arrive embedded (see `embed_texts`)
  bool causal = false;  // a token attends to itself and to those before it, not to those after it

  bool final_norm;  // a layer norm of the tokens after the blocks
  Pooling pooling;
  int pool_heads = 0;  // attention heads of pooling by attention; 0: as many as a block has
  bool pooled_norm;    // a layer norm of each pooled vector
  int pre_logits;      // width of a tanh layer before the head; 0 when there is none
  bool multi_label;    // probabilities are independent: sigmoid instead of softmax

  int joint_width = 0;      // of the embeddings that images and texts share (CLIP); 0 when there are none
  bool joint_bias = false;  // whether the projection to that width has a bias

  Windows windows{};

  bool int8 = false;  // the blocks' linear layers are quantized (kernels/quantization.h); the caller's choice
};

/// An int8 model rounds in the same way everywhere: the least difference between two of its activations can
/// become a step of a hundredth, and grows from block to block.
constexpr Rounding rounding_of(const Config& c) { return c.int8 ? Rounding::portable : Rounding::fastest; }

inline constexpr int kChannels = 3;  // RGB

/// The most elements of one buffer: far beyond any published ViT, and few enough for 32-bit offsets
/// everywhere.
inline constexpr uint64_t kMostElements = 1 << 29;

constexpr int grid_rows(const Config& c) { return c.image_height / c.patch_height; }
constexpr int grid_columns(const Config& c) { return c.image_width / c.patch_width; }
constexpr int patch_count(const Config& c) { return grid_rows(c) * grid_columns(c); }

constexpr int prefix_count(const Config& c) { return c.class_token + c.distillation_token + c.registers; }

/// T: prefix tokens and patches.
constexpr int token_count(const Config& c) { return prefix_count(c) + patch_count(c); }

/// Values of one flattened patch, channel by channel.
constexpr int patch_values(const Config& c) { return kChannels * c.patch_height * c.patch_width; }

/// d: the width of one attention head.
constexpr int head_size(const Config& c) { return c.hidden / c.heads; }

/// Vectors of width D that a pooling gives.
constexpr int pooled_vectors(Pooling pooling) {
  return pooling == Pooling::class_and_mean || pooling == Pooling::class_and_distillation ? 2 : 1;
}

/// Width of what the head sees, before the layer that may precede it.
constexpr int pooled_width(const Config& c) {
  return c.pooling == Pooling::class_and_mean ? 2 * c.hidden : c.hidden;
}

/// Whether the model's pooling reads the class token.
constexpr bool pools_class_token(const Config& c) {
  return c.pooling == Pooling::class_token || c.pooling == Pooling::class_and_mean ||
         c.pooling == Pooling::class_and_distillation;
}

/// Tokens that a pooling reads, from the first.
constexpr int pooled_tokens(const Config& c, Pooling pooling) {
  return pooling == Pooling::class_token              ? 1
         : pooling == Pooling::class_and_distillation ? 2
                                                      : token_count(c);
}

/// As for attention with the heads of the pool.
constexpr Config pool_config(Config c) {
  if (c.pool_heads > 0) c.heads = c.pool_heads;
  return c;
}

/// The most texts that fit into one pass: each has a token of its own.
constexpr int most_texts(const Config& c) { return c.text ? token_count(c) : 0; }

/// Whether the model's position embeddings are for another grid than its images have.
constexpr bool resamples_positions(const Config& c) {
  return c.learned_positions && (c.position_rows != grid_rows(c) || c.position_columns != grid_columns(c));
}

/// Rows and columns of the grid for which relative positions have biases as they arrive, or are computed.
constexpr int bias_grid_rows(const Config& c) { return c.distance_width ? grid_rows(c) : c.position_rows; }
constexpr int bias_grid_columns(const Config& c) {
  return c.distance_width ? grid_columns(c) : c.position_columns;
}

constexpr bool has_rotary(const Config& c) { return c.rotary.theta > 0; }

constexpr bool has_windows(const Config& c) { return c.windows.count > 0; }

/// Empty, or what makes the configuration impossible.
[[nodiscard]] std::string check(const Config& config);

}  // namespace vit
