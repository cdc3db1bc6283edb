#include "vit.h"

#include <utility>

#include "encoder.h"
#include "head.h"
#include "patch_embedding.h"

namespace vit {
namespace {

void lay_out(Model& model) {
  model.weights = lay_out_weights(model.memory, model.config);
  model.activations = lay_out_activations(model.memory, model.config);
  lay_out_preprocessor(model.preprocessor, model.memory);
  model.staging = model.memory.take<uint8_t>(kStagingBytes);
}

}  // namespace

std::string begin(Model& model, const Config& config, const Preprocess& preprocess) {
  if (std::string error = check(config); !error.empty()) return error;
  if (std::string error = check(preprocess, config); !error.empty()) return error;

  Model next;
  next.config = config;
  next.preprocessor = make_preprocessor(preprocess, config);
  lay_out(next);
  const uint64_t bytes = next.memory.used();
  if (!next.memory.reserve()) {
    return "needs " + std::to_string(bytes >> 20) + " MB of memory, more than could be had";
  }
  lay_out(next);
  next.slots = weight_slots(next.weights, config);
  model = std::move(next);
  return "";
}

std::string tensor(Model& model, std::string_view name, std::string_view dtype, std::span<const int> shape,
                   int bytes) {
  if (bytes > kStagingBytes) return "came in a chunk larger than the staging buffer";
  return receive(model.slots, name, dtype, shape, model.staging, bytes);
}

std::string missing(const Model& model) { return missing(model.slots); }

std::string finish(Model& model) { return incomplete(model.slots); }

std::string begin_image(Model& model, int width, int height) {
  return begin_image(model.preprocessor, width, height);
}

void add_rows(Model& model, int rows) {
  add_rows(model.preprocessor, model.activations.pixel_values, model.staging, rows);
}

void forward(Model& model, Tokens wanted, const Observer& observe) {
  const Config& c = model.config;
  const Weights& weights = model.weights;
  Activations& a = model.activations;
  const int tokens = token_count(c);
  const int wanted_rows = wanted == Tokens::all ? tokens : 1;

  embed_patches(a, weights, c);
  observe({"patches", 0, a.tokens + c.hidden, tokens - 1, c.hidden});
  add_class_token_and_positions(a, weights, c);
  observe({"tokens", 0, a.tokens, tokens, c.hidden});
  for (int layer = 0; layer < c.layers; layer++) {
    const int rows = layer + 1 < c.layers ? tokens : wanted_rows;
    encoder_block(a, weights.blocks[static_cast<size_t>(layer)], c, rows);
    observe({"blocks", layer, a.tokens, rows, c.hidden});
  }
  final_norm(a, weights, c, wanted_rows);
  observe({"norm", 0, a.normed, wanted_rows, c.hidden});
  classify(a, weights, c);
  observe({"logits", 0, a.logits, 1, c.classes});
  normalise_logits(a, c);
  observe({"probabilities", 0, a.probabilities, 1, c.classes});
}

}  // namespace vit
