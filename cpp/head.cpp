#include "head.h"

#include <algorithm>
#include <cmath>

#include "attention_pool.h"
#include "elementary.h"

namespace vit {

void final_norm(Activations& a, const HeadWeights& weights, const Config& c, int rows) {
  // x = norm(x)
  if (!c.final_norm) {
    std::copy_n(a.tokens, rows * c.hidden, a.normed);
    return;
  }
  norm(a.normed, a.tokens, weights.norm, rows, c.hidden, c.layer_norm_eps);
}

void pool(Activations& a, const HeadWeights& weights, const Config& c, Pooling pooling) {
  const float* patches = a.normed + prefix_count(c) * c.hidden;
  switch (pooling) {
    // x = x[:, 0]
    case Pooling::class_token: std::copy_n(a.normed, c.hidden, a.pooled); break;
    // x = x[:, prefix:].mean(1)
    case Pooling::mean_patches: mean_of_rows(a.pooled, patches, patch_count(c), c.hidden); break;
    // x = x.mean(1)
    case Pooling::mean_tokens: mean_of_rows(a.pooled, a.normed, token_count(c), c.hidden); break;
    // x = cat([x[:, 0], x[:, prefix:].mean(1)])
    case Pooling::class_and_mean:
      std::copy_n(a.normed, c.hidden, a.pooled);
      mean_of_rows(a.pooled + c.hidden, patches, patch_count(c), c.hidden);
      break;
    // x, x_dist = x[:, 0], x[:, 1]
    case Pooling::class_and_distillation: std::copy_n(a.normed, 2 * c.hidden, a.pooled); break;
    // x = attn_pool(x)
    case Pooling::attention: attention_pool(a, weights.attn_pool, pool_config(c)); break;
    // x = x[:, -1]
    case Pooling::last_token:
      std::copy_n(a.normed + (token_count(c) - 1) * c.hidden, c.hidden, a.pooled);
      break;
  }
  norm_pooled(a, weights, c, pooled_vectors(pooling));
}

void norm_pooled(Activations& a, const HeadWeights& weights, const Config& c, int vectors) {
  // x = fc_norm(x)
  if (c.pooled_norm) norm(a.pooled, a.pooled, weights.fc_norm, vectors, c.hidden, c.layer_norm_eps);
}

void pool_texts(Activations& a, const Config& c, const Texts& texts) {
  const float* end = a.normed + texts.shared * c.hidden;
  float* pooled = a.pooled;
  for (int length : texts.lengths) {
    end += length * c.hidden;
    pooled = std::copy_n(end - c.hidden, c.hidden, pooled);
  }
}

void project(Activations& a, const HeadWeights& weights, const Config& c, int rows) {
  // x = visual_projection(x), or text_projection(x)
  gemm(a.joint, c.joint_width, a.pooled, c.hidden, rows, weights.joint_proj, Store::replace, rounding_of(c));
}

void scale_to_length_1(float* features, int count) {
  double squares = 0;
  for (int i = 0; i < count; i++) squares += static_cast<double>(features[i]) * features[i];
  // In double precision: the reciprocal of a denormal length overflows a float.
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  for (int i = 0; i < count; i++) features[i] = static_cast<float>(features[i] * scale);
}

void classify(Activations& a, const HeadWeights& weights, const Config& c) {
  const float* features = a.pooled;
  // x = tanh(pre_logits(x))
  if (c.pre_logits) {
    gemm(a.represented, c.pre_logits, a.pooled, pooled_width(c), 1, weights.pre_logits, Store::replace,
         rounding_of(c));
    for (int i = 0; i < c.pre_logits; i++)
      a.represented[i] = static_cast<float>(hyperbolic_tangent(a.represented[i]));
    features = a.represented;
  }
  // logits = head(x)
  gemm(a.logits, c.classes, features, weights.linear.inputs, 1, weights.linear, Store::replace,
       rounding_of(c));
  // logits = (head(x) + head_dist(x_dist)) / 2; the halves are in the weights
  if (c.pooling != Pooling::class_and_distillation) return;
  gemm(a.logits, c.classes, a.pooled + c.hidden, c.hidden, 1, weights.linear_dist, Store::accumulate,
       rounding_of(c));
}

void normalize_logits(Activations& a, const Config& c) {
  // probabilities = softmax(logits), or sigmoid(logits)
  std::copy_n(a.logits, c.classes, a.probabilities);
  if (c.multi_label) {
    sigmoid(a.probabilities, c.classes);
  } else {
    softmax(a.probabilities, c.classes, rounding_of(c));
  }
}

}  // namespace vit
