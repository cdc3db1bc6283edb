#include "inspection.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "head.h"

namespace vit {
namespace {

// Lays out `buffers` by `lay_out`, first to measure, then with memory; false when there is not enough.
template <typename Buffers, typename LayOut>
bool take(Arena& arena, Buffers& buffers, const LayOut& lay_out) {
  buffers = lay_out(arena);
  if (!arena.reserve()) return false;
  buffers = lay_out(arena);
  return true;
}

template <typename Context>
Observer observer(Context& context) {
  return {&context, [](void* seen, const Stage& stage) { static_cast<Context*>(seen)->see(stage); }};
}

// The product of the blocks' attention weights, from the first block on.
struct Rollout {
  const Config* config;
  float* weights;    // [T × T], of the latest block
  float* product;    // [T × T]
  float* next;       // [T × T]
  PackedMatrix row;  // [T × T], the product as the right side of a matrix product
  bool begun;

  void see(const Stage& stage) {
    if (stage.name != "blocks") return;
    add_residual(stage.rows);
    if (begun) {
      const int tokens = token_count(*config);
      pack_inputs(row, 0, product, tokens, tokens);
      gemm(next, tokens, weights, tokens, stage.rows, row, Store::replace, rounding_of(*config));
      std::swap(product, next);
    } else {
      std::copy_n(weights, area(stage.rows, token_count(*config)), product);
    }
    begun = true;
  }

  // weights = (weights + I), its rows normalized.
  void add_residual(int rows) {
    const int tokens = token_count(*config);
    for (int r = 0; r < rows; r++) {
      float* values = weights + area(r, tokens);
      values[r] += 1;
      double sum = 0;
      for (int t = 0; t < tokens; t++) sum += values[t];
      for (int t = 0; t < tokens; t++) values[t] = static_cast<float>(values[t] / sum);
    }
  }
};

// What is read of the patches, by the class token or on average by the patches: rows of T weights → map.
void read_patches(float* map, float* mean, const float* weights, const Config& c) {
  const int tokens = token_count(c), prefix = prefix_count(c);
  if (!pools_class_token(c)) {
    mean_of_rows(mean, weights + area(prefix, tokens), patch_count(c), tokens);
    weights = mean;
  }
  std::copy_n(weights + prefix, patch_count(c), map);
}

// vectors[rows × D], which add up to x[D], through the norm of x: linear, once x's variance is known.
void through_norm(float* vectors, int rows, const float* x, const Config& c, const LayerNormWeights& norm) {
  const int width = c.hidden;
  const auto mean_of = [width, &norm](const float* values) {
    if (!norm.bias) return 0.0;  // a norm by the mean square
    double sum = 0;
    for (int i = 0; i < width; i++) sum += values[i];
    return sum / width;
  };
  const double mean = mean_of(x);
  double squares = 0;
  for (int i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
  const double scale = 1 / std::sqrt(squares / width + c.layer_norm_eps);
  for (int r = 0; r < rows; r++) {
    float* vector = vectors + area(r, width);
    const double own_mean = mean_of(vector);
    for (int i = 0; i < width; i++) {
      vector[i] = static_cast<float>((vector[i] - own_mean) * scale * norm.weight[i]);
    }
  }
}

float weight_of(const PackedView& matrix, int output, int input) {
  return matrix.panels[packed_index(matrix.inputs, output, input)];
}

// The direction in which the features raise the logit of `label`, [head inputs]; above the mean of all
// classes where they exclude each other.
std::vector<double> class_direction(const Model& model, int label) {
  const PackedView head = model.weights.head.linear;
  std::vector<double> direction(head.inputs);
  for (int i = 0; i < head.inputs; i++) {
    double mean = 0;
    for (int o = 0; o < head.outputs && !model.config.multi_label; o++) mean += weight_of(head, o, i);
    direction[i] = weight_of(head, label, i) - mean / head.outputs;
  }
  if (model.config.pre_logits == 0) return direction;
  // Through tanh along its tangent at the image's own features.
  const PackedView before = model.weights.head.pre_logits;
  std::vector<double> features(before.inputs);
  for (int o = 0; o < before.outputs; o++) {
    const double t = model.activations.represented[o];
    const double slope = (1 - t * t) * direction[o];
    for (int i = 0; i < before.inputs; i++) features[i] += slope * weight_of(before, o, i);
  }
  return features;
}

// The direction of the features that turns the embedding, scaled to length 1, in `direction`.
std::vector<double> embedding_direction(const Model& model, const float* direction) {
  const int width = embedding_width(model.config);
  const float* embedding = model.config.joint_width > 0 ? model.activations.joint : model.activations.pooled;
  double squares = 0;
  for (int o = 0; o < width; o++) squares += embedding[o] * embedding[o];
  const double scale = squares > 0 ? 1 / std::sqrt(squares) : 0;
  if (model.config.joint_width == 0) {
    std::vector<double> features(direction, direction + width);
    for (double& value : features) value *= scale;
    return features;
  }
  const PackedView proj = model.weights.head.joint_proj;
  std::vector<double> features(proj.inputs);
  for (int o = 0; o < proj.outputs; o++) {
    for (int i = 0; i < proj.inputs; i++) features[i] += scale * direction[o] * weight_of(proj, o, i);
  }
  return features;
}

// attended[T × D] = what a query reads of each token's values, by its weights [heads × T].
void read_values(Activations& a, const float* weights, const Config& c) {
  const int tokens = token_count(c), size = head_size(c);
  for (int t = 0; t < tokens; t++) {
    for (int i = 0; i < c.hidden; i++) {
      const size_t at = area(t, c.hidden) + i;
      a.attended[at] = weights[i / size * tokens + t] * a.v[at];
    }
  }
}

// What the last block's attention carries from each token into the class token.
struct Carried {
  Model* model;
  float* first_queries;  // [heads × T]
  float* vectors;        // [T × D]
  float* no_bias;        // [D rounded up to whole panels]

  void see(const Stage& stage) {
    const Config& c = model->config;
    if (stage.name != "blocks" || stage.layer + 1 < c.layers) return;
    Activations& a = model->activations;
    const int tokens = token_count(c);
    read_values(a, first_queries, c);
    const EncoderBlockWeights& block = model->weights.encoder.blocks[stage.layer];
    if (c.attention_norm) {
      std::vector<float> sum(c.hidden);
      for (int t = 0; t < tokens; t++) add(sum.data(), a.attended + area(t, c.hidden), c.hidden);
      through_norm(a.attended, tokens, sum.data(), c, block.attn_norm);
    }
    Linear proj = block.proj;
    proj.fp32.bias = proj.int8.bias = no_bias;  // the bias comes from no token
    linear(vectors, c.hidden, linear_input(a, c, a.attended, tokens, c.hidden), tokens, proj);
  }
};

// Adds to map[patches] how far the patches' vectors reach in a direction.
void add_reach(float* map, const float* vectors, const double* direction, double scale, const Config& c) {
  const float* patches = vectors + area(prefix_count(c), c.hidden);
  for (int patch = 0; patch < patch_count(c); patch++) {
    double sum = 0;
    for (int i = 0; i < c.hidden; i++) sum += direction[i] * patches[area(patch, c.hidden) + i];
    map[patch] += static_cast<float>(scale * sum);
  }
}

// What the blocks would answer, as the forward pass comes by.
struct Answers {
  Model* model;
  const Lens* lens;

  void see(const Stage& stage) const {
    const Config& c = model->config;
    if (stage.name == "probabilities") {
      std::copy_n(stage.data, c.classes, lens->probabilities + area(stage.layer, c.classes));
    }
    if (stage.name != "norm" || !lens->patch_classes) return;
    for (int patch = 0; patch < patch_count(c); patch++) answer_patch(stage, patch);
  }

  // The patch's token stands in for whatever the model pools.
  void answer_patch(const Stage& stage, int patch) const {
    const Config& c = model->config;
    Activations& a = model->activations;
    const float* token = stage.data + area(prefix_count(c) + patch, c.hidden);
    for (int i = 0; i < pooled_vectors(c.pooling); i++) std::copy_n(token, c.hidden, a.pooled + i * c.hidden);
    norm_pooled(a, model->weights.head, c, pooled_vectors(c.pooling));
    classify(a, model->weights.head, c);
    normalize_logits(a, c);
    const float* best = std::max_element(a.probabilities, a.probabilities + c.classes);
    const size_t at = area(stage.layer, patch_count(c)) + patch;
    lens->patch_classes[at] = static_cast<int32_t>(best - a.probabilities);
    lens->patch_probabilities[at] = *best;
  }
};

// What the blocks would embed, as the forward pass comes by.
struct Embeddings {
  Model* model;
  const EmbeddingLens* lens;

  void see(const Stage& stage) const {
    const Config& c = model->config;
    const int width = embedding_width(c);
    if (stage.name == (c.joint_width > 0 ? "joint" : "pooled")) {
      std::copy_n(stage.data, width, lens->images + area(stage.layer, width));
    }
    if (stage.name != "norm" || !lens->patches) return;
    for (int patch = 0; patch < patch_count(c); patch++) {
      float* embedding = lens->patches + area(stage.layer * patch_count(c) + patch, width);
      embed_patch(stage.data + area(prefix_count(c) + patch, c.hidden), embedding);
    }
  }

  // The patch's token stands in for whatever the model pools.
  void embed_patch(const float* token, float* embedding) const {
    const Config& c = model->config;
    Activations& a = model->activations;
    std::copy_n(token, c.hidden, a.pooled);
    norm_pooled(a, model->weights.head, c, 1);
    if (c.joint_width > 0) project(a, model->weights.head, c, 1);
    std::copy_n(c.joint_width > 0 ? a.joint : a.pooled, embedding_width(c), embedding);
    scale_to_length_1(embedding, embedding_width(c));
  }
};

// What the class token's vector is made of → map.
void explain_class_token(Model& model, Carried& carried, const double* direction, float* map) {
  const Config& c = model.config;
  const Activations& a = model.activations;
  const HeadWeights& weights = model.weights.head;
  const int tokens = token_count(c);
  if (c.final_norm) through_norm(carried.vectors, tokens, a.tokens, c, weights.norm);
  if (c.pooled_norm) through_norm(carried.vectors, tokens, a.normed, c, weights.fc_norm);
  add_reach(map, carried.vectors, direction, 1, c);
}

// What the pool's attention carries from each token into the pooled vector → map. Its MLP is not followed,
// nor is the last block's.
void explain_pool(Model& model, Carried& carried, const double* direction, float* map) {
  const Config c = pool_config(model.config);
  Activations& a = model.activations;
  const AttentionPoolWeights& pool = model.weights.head.attn_pool;
  const int tokens = token_count(c), d = c.hidden;
  gemm(a.v, d, a.normed, d, tokens, pool.v, Store::replace, rounding_of(c));
  read_values(a, a.pool_weights, c);
  PackedView proj = pool.proj;
  proj.bias = carried.no_bias;
  gemm(carried.vectors, d, a.attended, d, tokens, proj, Store::replace, rounding_of(c));
  add_reach(map, carried.vectors, direction, 1, c);
}

// What the mean of tokens is made of → map. `vectors` [T × D] and `mean` [D] are overwritten.
void explain_mean(const Model& model, float* vectors, float* mean, const double* direction, float* map) {
  const Config& c = model.config;
  const int tokens = token_count(c);
  const int first = c.pooling == Pooling::mean_tokens ? 0 : prefix_count(c);
  std::copy_n(model.activations.normed, area(tokens, c.hidden), vectors);
  mean_of_rows(mean, vectors + area(first, c.hidden), tokens - first, c.hidden);
  if (c.pooled_norm) through_norm(vectors, tokens, mean, c, model.weights.head.fc_norm);
  add_reach(map, vectors, direction, 1.0 / (tokens - first), c);
}

// Fills `map` for a direction of the features that is known once the forward pass is done.
template <typename DirectionOf>
std::string explain_by(Model& model, const Outputs& outputs, const DirectionOf& direction_of, float* map) {
  const Config& c = model.config;
  const bool by_class_token = pools_class_token(c);
  Arena arena;
  Carried carried{};
  float* mean = nullptr;
  const auto lay_out = [&](Arena& memory) {
    Carried parts{};
    parts.model = &model;
    parts.vectors = memory.take<float>(area(token_count(c), c.hidden));
    parts.first_queries = memory.take<float>(area(c.heads, token_count(c)));
    parts.no_bias = memory.take<float>(packed_columns(c.hidden));
    mean = memory.take<float>(c.hidden);
    return parts;
  };
  if (!take(arena, carried, lay_out)) return arena.shortage();

  Outputs wanted = outputs;
  wanted.tokens = true;
  if (by_class_token) wanted.capture.first_queries = carried.first_queries;
  wanted.capture_from = c.layers - 1;
  forward(model, wanted, by_class_token ? observer(carried) : Observer{});

  std::fill_n(map, patch_count(c), 0.0f);
  const std::vector<double> direction = direction_of();
  if (c.pooling == Pooling::attention) {
    explain_pool(model, carried, direction.data(), map);
    return "";
  }
  if (by_class_token) explain_class_token(model, carried, direction.data(), map);
  if (!by_class_token || c.pooling == Pooling::class_and_mean) {
    const double* of_mean = direction.data() + (by_class_token ? c.hidden : 0);
    explain_mean(model, carried.vectors, mean, of_mean, map);
  }
  return "";
}

}  // namespace

std::string attention_map(Model& model, const AttentionRequest& request, float* map) {
  const Config& c = model.config;
  const int tokens = token_count(c);
  const bool square = request.rollout || !pools_class_token(c);
  Arena arena;
  Rollout rollout{};
  float* mean = nullptr;
  const auto lay_out = [&](Arena& memory) {
    Rollout r{};
    r.config = &c;
    r.weights = memory.take<float>(area(square ? tokens : 1, tokens));
    mean = memory.take<float>(tokens);
    if (!request.rollout) return r;
    r.product = memory.take<float>(area(tokens, tokens));
    r.next = memory.take<float>(area(tokens, tokens));
    r.row = {memory.take<float>(area(packed_columns(tokens), tokens)),
             memory.take<float>(packed_columns(tokens)), tokens, tokens};
    return r;
  };
  if (!take(arena, rollout, lay_out)) return arena.shortage();

  Outputs wanted;
  wanted.blocks = request.layer + 1;
  wanted.tokens = !pools_class_token(c);
  if (!wanted.tokens) wanted.pooling = Pooling::class_token;
  wanted.capture = {request.head, rollout.weights, nullptr};
  wanted.capture_from = request.rollout ? 0 : request.layer;
  forward(model, wanted, request.rollout ? observer(rollout) : Observer{});
  read_patches(map, mean, request.rollout ? rollout.product : rollout.weights, c);
  return "";
}

std::string explain(Model& model, int label, float* map) {
  return explain_by(model, answer(model.config), [&] { return class_direction(model, label); }, map);
}

std::string explain_towards(Model& model, const float* direction, float* map) {
  Outputs wanted = answer(model.config);
  wanted.joint = model.config.joint_width > 0;
  return explain_by(model, wanted, [&] { return embedding_direction(model, direction); }, map);
}

void look_through(Model& model, const Lens& lens) {
  Outputs wanted = answer(model.config);
  wanted.every_block = true;
  wanted.tokens = lens.patch_classes != nullptr;
  Answers answers{&model, &lens};
  forward(model, wanted, observer(answers));
}

void look_through(Model& model, const EmbeddingLens& lens) {
  Outputs wanted = answer(model.config);
  wanted.joint = model.config.joint_width > 0;
  wanted.unit_length = true;
  wanted.every_block = true;
  wanted.tokens = lens.patches != nullptr;
  Embeddings embeddings{&model, &lens};
  forward(model, wanted, observer(embeddings));
}

}  // namespace vit
