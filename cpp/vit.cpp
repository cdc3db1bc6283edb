#include "vit.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "encoder.h"
#include "head.h"
#include "patch_embedding.h"
#include "swin/swin.h"
#include "text_embedding.h"

namespace vit {
namespace {

void lay_out(Model& model) {
  const Config& c = model.config;
  const bool swin = has_windows(c);
  model.weights = swin ? lay_out_swin_weights(model.swin, model.memory, c) : lay_out_weights(model.memory, c);
  model.activations = swin ? lay_out_swin_activations(model.memory, c) : lay_out_activations(model.memory, c);
  model.staging = model.memory.take<uint8_t>(kStagingBytes);
}

WeightSlots slots_of(const Model& model) {
  const Config& c = model.config;
  return has_windows(c) ? swin_weight_slots(model.weights, model.swin, c) : weight_slots(model.weights, c);
}

// The tokens that something reads after the last block that runs.
int wanted_rows(const Config& c, const Outputs& wanted) {
  return wanted.tokens || !wanted.pooling ? token_count(c) : pooled_tokens(c, *wanted.pooling);
}

// tokens = norm_pre([prefix tokens; patches] + position embeddings).
void embed_image(Activations& a, const InputWeights& weights, const Config& c, const Observer& observe) {
  const int tokens = token_count(c);
  // x = patch_embed(pixel_values)
  embed_patches(a, weights, c);
  if (c.patch_norm) norm_patches(a, weights, c);
  observe({"patches", 0, a.tokens + prefix_count(c) * c.hidden, patch_count(c), c.hidden});
  // x = cat([prefix_tokens, x]) + pos_embed
  add_prefix_tokens_and_positions(a, weights, c);
  observe({"tokens", 0, a.tokens, tokens, c.hidden});
  // x = norm_pre(x)
  if (!c.pre_norm) return;
  norm_before_blocks(a, weights, c);
  observe({"norm_pre", 0, a.tokens, tokens, c.hidden});
}

// Pooled vectors after block `layer` → the projection and the answers, as far as they are wanted.
void answer_from(Activations& a, const HeadWeights& weights, const Config& c, const Outputs& wanted,
                 int layer, const Observer& observe) {
  if (wanted.joint) {
    project(a, weights, c, 1);
    if (wanted.unit_length) scale_to_length_1(a.joint, c.joint_width);
    observe({"joint", layer, a.joint, 1, c.joint_width});
  }
  if (!wanted.head) return;
  classify(a, weights, c);
  observe({"logits", layer, a.logits, 1, c.classes});
  normalize_logits(a, c);
  observe({"probabilities", layer, a.probabilities, 1, c.classes});
}

// The first `rows` tokens after block `layer` → norm, features and answers, as far as they are wanted.
void read_out(Activations& a, const HeadWeights& weights, const Config& c, const Outputs& wanted, int layer,
              int rows, const Observer& observe) {
  if (wanted.final_norm || wanted.pooling) {
    final_norm(a, weights, c, rows);
  } else {
    std::copy_n(a.tokens, rows * c.hidden, a.normed);
  }
  observe({"norm", layer, a.normed, rows, c.hidden});
  if (!wanted.pooling) return;
  const int vectors = pooled_vectors(*wanted.pooling);
  pool(a, weights, c, *wanted.pooling);
  if (wanted.unit_length && !wanted.joint) scale_to_length_1(a.pooled, vectors * c.hidden);
  observe({"pooled", layer, a.pooled, vectors, c.hidden});
  answer_from(a, weights, c, wanted, layer, observe);
}

}  // namespace

std::string begin(Model& model, const Config& config) {
  if (std::string error = check(config); !error.empty()) return error;

  Model next;
  next.config = config;
  lay_out(next);
  next.slots = slots_of(next);
  model = std::move(next);
  return "";
}

std::string allocate(Model& model) {
  // Measured again: every thread has its own buffers, and their number may have changed since.
  model.memory = Arena();
  lay_out(model);
  if (!model.memory.reserve()) return model.memory.shortage();
  lay_out(model);
  point(model.slots, slots_of(model));
  return "";
}

Announced announce(Model& model, std::string_view name, std::string_view dtype, std::span<const int> shape,
                   ElementOrder order) {
  return announce(model.slots, name, dtype, shape, order);
}

std::string receive(Model& model, int slot, int bytes) {
  if (!model.staging) return "came before there was memory for it";
  if (bytes > kStagingBytes) return "came in a chunk larger than the staging buffer";
  return receive(model.slots, slot, model.staging, bytes);
}

std::string missing(const Model& model) { return missing(model.slots); }

std::string finish(Model& model) {
  if (std::string error = incomplete(model.slots); !error.empty()) return error;
  if (has_windows(model.config)) {
    settle_swin(model.weights, model.swin, model.config);
  } else {
    settle(model.weights, model.config);
  }
  return "";
}

Outputs answer(const Config& c) { return {.pooling = c.pooling, .head = c.classes > 0}; }

void forward(Model& model, const Outputs& wanted, const Observer& observe) {
  const Config& c = model.config;
  const Weights& weights = model.weights;
  Activations& a = model.activations;
  const int blocks = std::min(wanted.blocks, c.layers);
  assert(blocks >= 1);

  if (has_windows(c)) {
    assert(blocks == c.layers && !wanted.every_block);
    assert(!wanted.capture.map && !wanted.capture.first_queries);
    encode_swin(a, weights.input, model.swin, c, observe);
    const Config last = final_config(c);
    return read_out(a, weights.head, last, wanted, c.layers - 1, token_count(last), observe);
  }
  embed_image(a, weights.input, c, observe);
  // for block in blocks: x = block(x)
  for (int layer = 0; layer < blocks; layer++) {
    const bool last = layer + 1 == blocks;
    const int rows = last ? wanted_rows(c, wanted) : token_count(c);
    encoder_block(a, weights.encoder.blocks[layer], c, rows, {},
                  layer >= wanted.capture_from ? wanted.capture : AttentionCapture{});
    observe({"blocks", layer, a.tokens, rows, c.hidden});
    if (last || wanted.every_block)
      read_out(a, weights.head, c, wanted, layer, wanted_rows(c, wanted), observe);
  }
}

std::string put_embeddings(Model& model, std::string_view dtype, int first, int rows) {
  const Config& c = model.config;
  const std::optional<DataType> type = parse_data_type(dtype);
  if (!type) return "has dtype " + std::string(dtype) + "; F32, F16, BF16 and F64 are understood";
  if (!c.text || first < 0 || rows < 0 || rows > token_count(c) - first) return "has more rows than fit";
  if (static_cast<int64_t>(rows) * c.hidden * element_bytes(*type) > kStagingBytes) {
    return "came in a chunk larger than the staging buffer";
  }
  to_floats(model.activations.tokens + first * c.hidden, model.staging, *type, rows * c.hidden);
  return "";
}

std::string embed_texts(Model& model, const Texts& texts, bool normalize, const Observer& observe) {
  Config c = model.config;
  const Weights& weights = model.weights;
  Activations& a = model.activations;
  const auto& lengths = texts.lengths;
  const bool some_empty = std::any_of(lengths.begin(), lengths.end(), [](int length) { return length < 1; });
  const bool cannot_share = texts.shared < 0 || (texts.shared > 0 && !c.causal);
  if (!c.text || lengths.empty() || some_empty || cannot_share || token_count(texts) > token_count(c)) {
    return "do not fit into one pass of this model";
  }
  const int tokens = static_cast<int>(token_count(texts));
  c.image_width = tokens;
  // x = inputs_embeds + position_embedding
  add_text_positions(a, weights.input, c, texts);
  observe({"tokens", 0, a.tokens, tokens, c.hidden});
  // for layer in layers: x = layer(x, attention_mask)
  for (int layer = 0; layer < c.layers; layer++) {
    encoder_block(a, weights.encoder.blocks[layer], c, tokens, texts);
    observe({"blocks", layer, a.tokens, tokens, c.hidden});
  }
  // x = final_layer_norm(x)[eos]; x = text_projection(x)
  final_norm(a, weights.head, c, tokens);
  pool_texts(a, c, texts);
  const int vectors = static_cast<int>(lengths.size());
  observe({"pooled", 0, a.pooled, vectors, c.hidden});
  float* features = a.pooled;
  int width = c.hidden;
  if (c.joint_width > 0) {
    project(a, weights.head, c, vectors);
    features = a.joint, width = c.joint_width;
    observe({"joint", 0, features, vectors, width});
  }
  if (!normalize) return "";
  for (int at = 0; at < vectors; at++) scale_to_length_1(features + at * width, width);
  return "";
}

}  // namespace vit
