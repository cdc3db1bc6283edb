// vit: a Vision Transformer's forward pass (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"), from
// the pixels of an image to class probabilities, in single precision.
//
// The way through the rooms, in the order the data flows:
//
//   begin_image, add_rows   RGBA rows → resized, cropped, normalised pixel values     preprocess.h
//   forward                 pixel values → patch embedding                            patch_embedding.h
//                           → prefix tokens and position embedding → tokens
//                           → encoder blocks (attention.h, mlp.h)                     encoder.h
//                           → final norm → pooling → head → logits → probabilities    head.h
//
// inspection.h says why: attention maps, what each patch adds to a class, what a block would answer.
//
// A model's life:
//
//   Model model;
//   begin(model, config, preprocess)            checks the configuration and computes all sizes
//   announce(model, name, dtype, shape)         for each tensor: checks it, returns its slot
//   missing(model)                              names what was not announced
//   allocate(model)                             the only allocation
//   receive(model, slot, bytes)                 for each chunk of each tensor, in any order of tensors
//   finish(model)                               says what is incomplete, if anything
//   begin_image … add_rows … forward            per image, any number of times
//
// What can fail returns a std::string: empty on success, otherwise what was wrong in plain words, for the
// caller to complete to a sentence. A failed call leaves the model unchanged; `receive` says what it
// discards.
//
// This library knows mathematics only: no browser, no file format, no checkpoint's tensor names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "activations.h"
#include "arena.h"
#include "attention.h"
#include "config.h"
#include "preprocess.h"
#include "weight_slots.h"
#include "weight_stream.h"
#include "weights.h"

namespace vit {

/// One stage's result, shown to an observer while `forward` runs: a row-major matrix that is valid only
/// during the call.
struct Stage {
  std::string_view name;  // "patches", "tokens", "norm_pre" (where there is one), "blocks", "norm", "pooled",
                          // "joint", "logits", "probabilities"
  int layer;              // the encoder block that came before; 0 before the first, too
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

struct Model {
  Config config{};
  Arena memory;       // owns everything the pointers below point to
  Weights weights{};  // packed for the kernels as they arrive
  WeightSlots slots;  // what is expected, and how much of it has arrived
  Preprocessor preprocessor{};
  Activations activations{};
  uint8_t* staging = nullptr;  // [kStagingBytes]: where the caller puts chunks of tensors and rows of images
};

/// Bytes of `Model::staging`: two rows of the widest image, a whole number of elements of every data type.
inline constexpr int kStagingBytes = 2 * 4 * (kLargestImageEdge + 1);

/// Checks the configuration and computes the size of every buffer: weights as packed, activations, the
/// preprocessor's accumulators, staging. Afterwards tensors can be announced and `missing` asked, so a
/// configuration that does not fit its checkpoint is refused before it takes memory.
[[nodiscard]] std::string begin(Model& model, const Config& config, const Preprocess& preprocess);

/// Allocates all of them as one block, once, after the announcements and before the first byte of a tensor.
[[nodiscard]] std::string allocate(Model& model);

/// Says that a tensor will arrive, so that it is checked before any of its bytes are fetched; returns the
/// index of its slot for `receive`, or what is wrong.
///
/// `name` is a slot's (weight_slots.h), `dtype` "F32", "F16", "BF16", "F64" or, where weights are quantised,
/// "I8"; `shape` is the whole tensor's. `order` describes values that are not stored row-major in this shape.
/// Errors are predicates to append to the tensor's name: "has shape [4, 4], but the configuration asks for
/// [192, 192]". Each tensor is announced once. Cost: constant, however many slots there are.
[[nodiscard]] Announced announce(Model& model, std::string_view name, std::string_view dtype,
                                 std::span<const int> shape, ElementOrder order = {});

/// Takes the next `bytes` of an announced tensor from `model.staging`, converted and packed on the spot. A
/// chunk holds whole elements and follows the tensor's previous chunk.
///
/// A chunk that is refused for its size leaves the model unchanged. One that is refused for its values
/// discards what has arrived of this tensor, which may then be sent again from its beginning; no other tensor
/// changes.
[[nodiscard]] std::string receive(Model& model, int slot, int bytes);

/// The expected tensors that were not announced yet, one name per line.
std::string missing(const Model& model);

/// Ends loading, once all weights have arrived; otherwise says which has not, and how much of it. Resamples
/// the position embeddings where the checkpoint has them for images of another size.
[[nodiscard]] std::string finish(Model& model);

/// Starts an image of `width` × `height` pixels: afterwards rows [needed_rows.first, + needed_rows.count) of
/// `model.preprocessor` are to be given to `add_rows`, in order and no others.
[[nodiscard]] std::string begin_image(Model& model, int width, int height);

/// The next `rows` rows of the image, RGBA, lying in `model.staging`. After the last needed row the pixel
/// values stand in `model.activations.pixel_values`. Cost: about four multiply-adds a pixel and channel when
/// shrinking.
void add_rows(Model& model, int rows);

/// What one forward pass is to give. What is not asked for costs nothing: later blocks do not run, and the
/// last one computes only the tokens that something reads.
struct Outputs {
  /// Encoder blocks to run; all, unless only what an earlier one gives is wanted.
  int blocks = kAllBlocks;
  /// Whether the tokens go through the final norm. Pooled features always have.
  bool final_norm = true;
  /// All tokens, in `activations.normed`; otherwise only those that the pooling reads.
  bool tokens = false;
  /// Pooled features, in `activations.pooled`, under any pooling for which the model has the tokens.
  std::optional<Pooling> pooling = {};
  /// Those of the model's own pooling, projected to the width shared with texts, in `activations.joint`.
  bool joint = false;
  /// Whether the features asked for last are scaled to Euclidean length 1; not together with `head`.
  bool unit_length = false;
  /// Logits and probabilities, in `activations`, of a model with a head; needs its own pooling.
  bool head = false;
  /// All of these after every block, for the observer to see; not only after the last (the logit lens:
  /// nostalgebraist 2020, "interpreting GPT").
  bool every_block = false;
  /// Attention weights of the blocks from `capture_from` on, each block's in place of the one before it; the
  /// observer sees them after each.
  AttentionCapture capture = {};
  int capture_from = 0;

  static constexpr int kAllBlocks = INT32_MAX;
};

/// The model's own answer: pooled features and, of a model with a head, logits and probabilities.
Outputs answer(const Config& config);

/// Pixel values → the wanted outputs, the same to the bit whatever else is wanted. Allocates nothing. Cost:
/// 1.25 G multiply-adds for ViT-Tiny at 224×224, 17.6 G for ViT-Base; a twelfth less where only the class
/// token is read.
void forward(Model& model, const Outputs& wanted, const Observer& observer = {});

/// Takes `rows` token embeddings of `dtype` ("F32", "F16", "BF16" or "F64") from `model.staging`, to be rows
/// `first` and so on of the texts' tokens.
[[nodiscard]] std::string put_embeddings(Model& model, std::string_view dtype, int first, int rows);

/// The token embeddings of texts of so many tokens, one after another → one feature vector a text: in
/// `activations.joint` where the model has a projection, else in `activations.pooled`; each scaled to
/// Euclidean length 1 if `normalize`. At most `most_texts`, of as many tokens together as one text may have.
/// Only the tokens that are given are computed, so a causal text should end where it is pooled. Uses up the
/// embeddings.
[[nodiscard]] std::string embed_texts(Model& model, std::span<const int> lengths, bool normalize,
                                      const Observer& observer = {});

}  // namespace vit
