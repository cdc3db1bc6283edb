#include "swin_weights.h"

#include <algorithm>

#include "../elementary.h"
#include "../slot_list.h"
#include "stages.h"

namespace vit {
namespace {

// Upper bound on exp(logit_scale).
constexpr float kLargestScale = 100;

SwinBlockWeights take_block(Arena& arena, const Config& window) {
  SwinBlockWeights w{};
  w.block = take_encoder_block(arena, window);
  if (!window.windows.cosine) return w;
  w.logit_scale = arena.take<float>(window.heads);
  w.query_scale = arena.take<float>(window.heads);
  return w;
}

void settle_block(SwinBlockWeights& w, SwinWeights& swin, const Config& window, int reference) {
  ScoreBias& bias = w.block.score_bias;
  if (window.windows.cosine) {
    compute_distance_bias(bias.given, swin.bias_scratch, bias.network, window, reference);
    for (int head = 0; head < window.heads; head++) {
      w.query_scale[head] = std::min(static_cast<float>(exponential(w.logit_scale[head])), kLargestScale);
    }
  }
  settle_score_bias(bias, swin.bias_scratch, window);
}

}  // namespace

Weights lay_out_swin_weights(SwinWeights& swin, Arena& arena, const Config& c) {
  Weights w{};
  w.input = take_input(arena, embedding_config(c));

  swin.stages.clear();
  int distances = 0, heads = 0;
  size_t scratch = 0;
  for (int stage = 0; stage < c.windows.count; stage++) {
    const Config window = window_config(c, stage);
    SwinStageWeights s{};
    for (int block = 0; block < c.windows.stages[stage].blocks; block++) {
      s.blocks.push_back(take_block(arena, window));
    }
    if (stage + 1 < c.windows.count) {
      s.merge_norm = take_layer_norm(arena, c, (c.windows.cosine ? 2 : 4) * window.hidden);
      s.merge = take_linear(arena, 4 * window.hidden, 2 * window.hidden, c.int8);
    }
    swin.stages.push_back(std::move(s));
    distances = std::max(distances, bias_rows(window));
    heads = std::max(heads, window.heads);
    scratch = std::max(scratch, distance_scratch(window));
  }
  swin.bias_scratch = arena.take<float>(std::max(area(distances, heads), scratch));
  w.head = take_head(arena, c);
  w.partial_row = take_partial_row(arena, c, std::max(2 * c.hidden, c.mlp_hidden));
  return w;
}

WeightSlots swin_weight_slots(const Weights& weights, const SwinWeights& swin, const Config& c) {
  SlotList list;
  list_input(list, weights.input, embedding_config(c));
  for (int stage = 0; stage < c.windows.count; stage++) {
    const Config window = window_config(c, stage);
    const SwinStageWeights& s = swin.stages[stage];
    const std::string layer = "layers." + std::to_string(stage);
    for (size_t i = 0; i < s.blocks.size(); i++) {
      const SwinBlockWeights& w = s.blocks[i];
      const std::string name = layer + ".blocks." + std::to_string(i);
      list_encoder_block(list, name, w.block, window);
      if (!c.windows.cosine) continue;
      list.plain(name + ".attn.logit_scale", {window.heads, 1, 1}, w.logit_scale);
    }
    if (stage + 1 == c.windows.count) continue;
    list.layer_norm(layer + ".downsample.norm", s.merge_norm, (c.windows.cosine ? 2 : 4) * window.hidden);
    list.linear(layer + ".downsample.reduction", s.merge, false);
  }
  list_head(list, weights.head, c);
  return table_of(std::move(list), weights.partial_row);
}

void settle_swin(Weights& weights, SwinWeights& swin, const Config& c) {
  settle_input(weights.input, embedding_config(c));
  for (int stage = 0; stage < c.windows.count; stage++) {
    const Config window = window_config(c, stage);
    const SwinStage& sizes = c.windows.stages[stage];
    const int reference = sizes.reference_window > 0 ? sizes.reference_window : sizes.window;
    for (SwinBlockWeights& w : swin.stages[stage].blocks) {
      settle_block(w, swin, window, reference);
    }
  }
}

}  // namespace vit
