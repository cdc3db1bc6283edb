#include "patch_embedding.h"

#include <algorithm>

#include "threads.h"

namespace vit {
namespace {

// The order within a patch is that of the reference's kernel [D, 3, P, P]: channel, row, column.
void flatten_row_of_patches(float* out, const float* pixel_values, int top, const Config& c) {
  for (int left = 0; left < c.image_width; left += c.patch_width) {
    for (int channel = 0; channel < kChannels; channel++) {
      for (int row = top; row < top + c.patch_height; row++) {
        out = std::copy_n(pixel_values + (channel * c.image_height + row) * c.image_width + left,
                          c.patch_width, out);
      }
    }
  }
}

void flatten_patches(float* out, const float* pixel_values, const Config& c) {
  const int row_values = kChannels * c.patch_height * c.image_width;
  parallel_for(c.image_height / c.patch_height, [&](int row) {
    flatten_row_of_patches(out + row * row_values, pixel_values, row * c.patch_height, c);
  });
}

}  // namespace

void embed_patches(Activations& a, const InputWeights& weights, const Config& c) {
  // x = conv2d(pixel_values, kernel=P, stride=P).flatten(2).transpose(1, 2)
  flatten_patches(a.patch_pixels, a.pixel_values, c);
  gemm(a.tokens + prefix_count(c) * c.hidden, c.hidden, a.patch_pixels, patch_values(c), patch_count(c),
       weights.patch_embed, Store::replace, rounding_of(c));
}

void add_prefix_tokens_and_positions(Activations& a, const InputWeights& weights, const Config& c) {
  const int prefix = prefix_count(c) * c.hidden;
  const int positioned = c.positioned_prefix * c.hidden;
  // x = cat([cls_token, dist_token, reg_tokens, x])
  std::copy_n(weights.prefix_tokens, prefix, a.tokens);
  // x = x + pos_embed
  if (!c.learned_positions) return;
  add(a.tokens, weights.pos_embed, positioned);
  add(a.tokens + prefix, weights.pos_embed + positioned, patch_count(c) * c.hidden);
}

void norm_patches(Activations& a, const InputWeights& weights, const Config& c) {
  // x = patch_embed.norm(x)
  float* patches = a.tokens + prefix_count(c) * c.hidden;
  norm(patches, patches, weights.norm_pre, patch_count(c), c.hidden, c.layer_norm_eps);
}

void norm_before_blocks(Activations& a, const InputWeights& weights, const Config& c) {
  // x = norm_pre(x)
  norm(a.tokens, a.tokens, weights.norm_pre, token_count(c), c.hidden, c.layer_norm_eps);
}

}  // namespace vit
