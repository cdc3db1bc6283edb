#include "text_embedding.h"

namespace vit {

void add_text_positions(Activations& a, const InputWeights& weights, const Config& c, const Texts& texts) {
  const int shared = texts.shared * c.hidden;
  add(a.tokens, weights.pos_embed, shared);
  float* text = a.tokens + shared;
  for (int length : texts.lengths) {
    add(text, weights.pos_embed + shared, length * c.hidden);
    text += length * c.hidden;
  }
}

}  // namespace vit
