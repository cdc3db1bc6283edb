#include "text_embedding.h"

namespace vit {

void add_text_positions(Activations& a, const InputWeights& weights, const Config& c,
                        std::span<const int> lengths) {
  float* text = a.tokens;
  for (int length : lengths) {
    add(text, weights.pos_embed, length * c.hidden);
    text += length * c.hidden;
  }
}

}  // namespace vit
