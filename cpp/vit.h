// vit: a Vision Transformer's forward pass (Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words"), from
// the pixels of an image to class probabilities, in single precision.
//
// Input, encoder and head, in the order the data flows:
//
//   input     RGBA rows → resized, cropped, normalized pixel values            preprocess.h
//             pixel values → patch embedding, prefix tokens, positions         patch_embedding.h
//             or texts, embedded by the caller → positions                     text_embedding.h
//   encoder   tokens → encoder blocks (attention.h, mlp.h)                     encoder.h
//             of a Swin Transformer, blocks of windows                         swin/swin.h
//   head      tokens → final norm → pooling → head → logits → probabilities    head.h
//
// inspection.h looks inside: attention maps, what each patch adds to a class, what a block would answer.
//
// A model's life:
//
//   Model model;
//   begin(model, config)                        checks the configuration and computes all sizes
//   announce(model, name, dtype, shape)         for each tensor: checks it, returns its slot
//   missing(model)                              names what was not announced
//   allocate(model)                             takes all memory that weights and activations need
//   receive(model, slot, bytes)                 for each chunk of each tensor, in any order of tensors
//   finish(model)                               says what is incomplete, if anything
//   forward(model, outputs)                     per image, once `activations.pixel_values` are written
//
// What can fail returns a std::string: empty on success, otherwise a predicate in plain words ("has shape
// …"), to be appended to the name of what failed. A failed call leaves the model as it was, except that
// `receive` may discard what had arrived of the tensor it refuses.
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
#include "kernels/resize.h"
#include "observer.h"
#include "swin/swin_weights.h"
#include "weight_slots.h"
#include "weight_stream.h"
#include "weights.h"

namespace vit {

struct Model {
  Config config{};
  Arena memory;       // owns everything the pointers below point to
  Weights weights{};  // packed for the kernels as they arrive
  SwinWeights swin;   // of a Swin Transformer, its blocks
  WeightSlots slots;  // what is expected, and how much of it has arrived
  Activations activations{};
  uint8_t* staging = nullptr;  // [kStagingBytes]: where the caller puts chunks of tensors and rows of images
};

/// Bytes of `Model::staging`: two rows of the widest image, a whole number of elements of every data type.
inline constexpr int kStagingBytes = 2 * 4 * (kLargestImageEdge + 1);

/// Checks the configuration and computes the size of every buffer: weights as packed, activations, staging.
/// Afterwards tensors can be announced and `missing` asked, so a configuration that does not fit its
/// checkpoint is refused before it takes memory.
[[nodiscard]] std::string begin(Model& model, const Config& config);

/// Allocates all of them as one block, once, after the announcements and before the first byte of a tensor.
[[nodiscard]] std::string allocate(Model& model);

/// Announces a tensor, so that it is checked before any of its bytes are fetched. Returns the index of its
/// slot for `receive`, or what is wrong.
///
/// `name` is a slot's (weight_slots.h), `dtype` "F32", "F16", "BF16", "F64" or, where weights are quantized,
/// "I8"; `shape` is the whole tensor's. `order` describes values that are not stored row-major in this shape.
/// Errors are predicates to append to the tensor's name: "has shape [4, 4], but the configuration asks for
/// [192, 192]". Each tensor is announced once. Cost: constant, however many slots there are.
[[nodiscard]] Announced announce(Model& model, std::string_view name, std::string_view dtype,
                                 std::span<const int> shape, ElementOrder order = {});

/// Takes the next `bytes` of an announced tensor from `model.staging`, converted and packed on the spot. A
/// chunk holds whole elements and follows the tensor's previous chunk.
///
/// A chunk refused for its size leaves the model unchanged. One refused for its values discards what has
/// arrived of this tensor, which may then be sent again from its beginning; other tensors are unaffected.
/// Allocates only for a matrix that is to be quantized and is not stored row by row, which is collected
/// first.
[[nodiscard]] std::string receive(Model& model, int slot, int bytes);

/// The expected tensors that have not been announced, one name per line.
std::string missing(const Model& model);

/// Ends loading once all weights have arrived; otherwise says which has not, and how much of it has. Prepares
/// the weights (`settle` in weights.h), for instance by resampling position embeddings for images of another
/// size.
[[nodiscard]] std::string finish(Model& model);

/// What a forward pass is to compute. What is not requested costs nothing: later blocks do not run, and the
/// last one computes only the tokens that something reads. A Swin Transformer always computes all tokens of
/// all blocks, so `blocks`, `every_block` and `capture` have to be left as they are by default.
struct Outputs {
  /// Encoder blocks to run, at least 1; fewer than all when only an earlier one's result is wanted.
  int blocks = kAllBlocks;
  /// Whether the tokens go through the final norm. Pooled features always do.
  bool final_norm = true;
  /// All tokens, in `activations.normed`; otherwise only those that the pooling reads.
  bool tokens = false;
  /// Pooled features, in `activations.pooled`, under any pooling for which the model has the tokens.
  std::optional<Pooling> pooling = {};
  /// The features of the model's own pooling, projected to the width shared with texts, in
  /// `activations.joint`.
  bool joint = false;
  /// Whether the last of these features are scaled to Euclidean length 1; not together with `head`.
  bool unit_length = false;
  /// Logits and probabilities, in `activations`, of a model with a head; needs its own pooling.
  bool head = false;
  /// All of these after every block, for the observer, and not only after the last (the logit lens:
  /// nostalgebraist 2020, "interpreting GPT").
  bool every_block = false;
  /// Attention weights of the blocks from `capture_from` on. Each block overwrites the previous one's; the
  /// observer sees them in between.
  AttentionCapture capture = {};
  int capture_from = 0;

  static constexpr int kAllBlocks = INT32_MAX;
};

/// The model's own answer: pooled features and, of a model with a head, logits and probabilities.
Outputs answer(const Config& config);

/// `activations.pixel_values` → the wanted outputs, each the same to the bit whatever else is wanted.
/// Allocates nothing. Cost: 1.25 G multiply-adds for ViT-Tiny at 224×224, 17.6 G for ViT-Base; a twelfth less
/// where only the class token is read.
void forward(Model& model, const Outputs& wanted, const Observer& observer = {});

/// Takes `rows` token embeddings of `dtype` ("F32", "F16", "BF16" or "F64") from `model.staging` as rows
/// [first, first + rows) of the texts' tokens.
[[nodiscard]] std::string put_embeddings(Model& model, std::string_view dtype, int first, int rows);

/// The token embeddings of `texts` → one feature vector per text: in `activations.joint` where the model has
/// a projection, else in `activations.pooled`; scaled to Euclidean length 1 if `normalize`. At most
/// `token_count` tokens in total. Only the given tokens are computed, so a causal text should end where it is
/// pooled. Overwrites the embeddings. A vector is the same to the bit whichever texts it is computed with,
/// but in an int8 model, whose values are rounded to the range of those they are shared with.
[[nodiscard]] std::string embed_texts(Model& model, const Texts& texts, bool normalize,
                                      const Observer& observer = {});

}  // namespace vit
