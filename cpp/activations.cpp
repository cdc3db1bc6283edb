#include "activations.h"

namespace vit {

Activations lay_out_activations(Arena& arena, const Config& c) {
  const auto floats = [&arena](int rows, int columns) {
    return arena.take<float>(static_cast<size_t>(rows) * static_cast<size_t>(columns));
  };
  const auto matrix = [&floats](int inputs, int outputs) {
    float* panels = floats(inputs, packed_columns(outputs));
    return PackedMatrix{panels, floats(1, packed_columns(outputs)), inputs, outputs};
  };
  const int tokens = token_count(c);

  Activations a{};
  a.pixel_values = floats(kChannels * c.image_height, c.image_width);
  a.patch_pixels = floats(patch_count(c), patch_values(c));
  a.tokens = floats(tokens, c.hidden);
  a.normed = floats(tokens, c.hidden);
  a.q = floats(tokens, c.hidden);
  a.k = floats(tokens, c.hidden);
  a.v = floats(tokens, c.hidden);
  a.keys = matrix(head_size(c), tokens);
  a.values = matrix(tokens, head_size(c));
  a.scores = floats(kAttentionRows, packed_columns(tokens));
  a.attended = floats(tokens, c.hidden);
  a.mlp_hidden = floats(tokens, c.mlp_hidden);
  a.logits = floats(1, c.classes);
  a.probabilities = floats(1, c.classes);
  return a;
}

}  // namespace vit
