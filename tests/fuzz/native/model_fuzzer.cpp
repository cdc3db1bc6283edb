// A whole life of a model from arbitrary bytes: sizes that make sense or none, tensors announced and sent in
// any order, shape, dtype, order of elements and cut, pictures of any size in any bands or texts of any
// lengths, the forward pass, and looking inside it; in fp32 and int8, on one thread and on three. Everything
// that a model in C++ takes from outside comes through here.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "../../../cpp/inspection.h"
#include "../../../cpp/preprocess.h"
#include "../../../cpp/swin/stages.h"
#include "../../../cpp/threads.h"
#include "../../../cpp/vit.h"

namespace vit {
namespace {

using Input = FuzzedDataProvider;

// Mapping more would take most of an execution's time.
constexpr uint64_t kMostBytes = 16 << 20;

// Mostly a small size, sometimes whatever an int can be.
int size_from(Input& in, int smallest, int largest) {
  if (in.ConsumeIntegralInRange(0, 63) == 0) return in.ConsumeIntegral<int>();
  return in.ConsumeIntegralInRange(smallest, largest);
}

double number_from(Input& in, double usual) {
  switch (in.ConsumeIntegralInRange(0, 15)) {
    case 0: return in.ConsumeFloatingPoint<double>();
    case 1: return std::numeric_limits<double>::quiet_NaN();
    case 2: return std::numeric_limits<double>::infinity();
    case 3: return in.ConsumeFloatingPointInRange(-1e-30, 1e-30);
    default: return usual;
  }
}

Rotary rotary_from(Input& in) {
  Rotary r{};
  r.theta = static_cast<float>(number_from(in, 100));
  r.pairs = static_cast<RotationPairs>(in.ConsumeIntegralInRange(0, 1));
  r.coordinates = static_cast<RotaryCoordinates>(in.ConsumeIntegralInRange(0, 1));
  r.offset = static_cast<float>(number_from(in, 0));
  r.reference_rows = size_from(in, 0, 4);
  r.reference_columns = size_from(in, 0, 4);
  r.columns_first = in.ConsumeBool();
  return r;
}

// What few families have.
void add_rarities(Input& in, Config& c) {
  for (bool* flag : {&c.learned_positions, &c.key_bias, &c.attention_norm, &c.mlp_norm, &c.joint_bias}) {
    *flag = in.ConsumeBool();
  }
  c.relative_positions = static_cast<RelativePositions>(in.ConsumeIntegralInRange(0, 2));
  if (in.ConsumeBool()) c.rotary = rotary_from(in);
  if (in.ConsumeBool()) c.joint_width = size_from(in, 0, 20);
}

// A tower of texts: one row of tokens, without prefix tokens or a head.
void make_text(Input& in, Config& c) {
  c.text = true;
  c.causal = in.ConsumeBool();
  if (in.ConsumeIntegralInRange(0, 7) == 0) return;
  c.image_height = c.patch_height = c.patch_width = 1;
  c.position_rows = 1;
  c.position_columns = c.image_width;
  c.class_token = c.distillation_token = false;
  c.registers = c.positioned_prefix = c.classes = 0;
  c.pooling = Pooling::last_token;
}

// Stages of windows: widths that double from stage to stage, no prefix tokens, the mean of all as pooling.
void make_windows(Input& in, Config& c) {
  Windows& w = c.windows;
  w.count = in.ConsumeIntegralInRange(1, kMostStages);
  w.cosine = in.ConsumeBool();
  w.as_timm = in.ConsumeBool();
  int blocks = 0;
  for (int i = 0; i < w.count; i++) {
    SwinStage& stage = w.stages[static_cast<size_t>(i)];
    stage.blocks = size_from(in, 1, 2);
    stage.heads = size_from(in, 1, 2);
    stage.window = size_from(in, 1, 4);
    stage.shift = size_from(in, 0, 2);
    stage.reference_window = size_from(in, 0, 4);
    blocks += std::clamp(stage.blocks, 0, 100);
  }
  if (in.ConsumeIntegralInRange(0, 7) == 0) return;
  c.layers = blocks;
  c.heads = w.stages[static_cast<size_t>(w.count) - 1].heads;
  c.hidden = (2 * in.ConsumeIntegralInRange(1, 6)) << (w.count - 1);
  c.mlp_hidden = 2 * c.hidden;
  c.class_token = c.distillation_token = c.learned_positions = false;
  c.registers = c.positioned_prefix = 0;
  c.pooling = Pooling::mean_patches;
  c.rotary = {};
}

Config config_from(Input& in) {
  Config c{};
  c.patch_height = size_from(in, 1, 4);
  c.patch_width = size_from(in, 1, 4);
  const bool small = c.patch_height > 0 && c.patch_height <= 4 && c.patch_width > 0 && c.patch_width <= 4;
  c.image_height = small ? c.patch_height * in.ConsumeIntegralInRange(1, 4) : size_from(in, 1, 16);
  c.image_width = small ? c.patch_width * in.ConsumeIntegralInRange(1, 4) : size_from(in, 1, 16);
  c.heads = size_from(in, 1, 3);
  c.hidden = c.heads > 0 && c.heads <= 3 ? c.heads * in.ConsumeIntegralInRange(1, 24) : size_from(in, 1, 70);
  c.layers = size_from(in, 1, 2);
  c.mlp_hidden = size_from(in, 1, 70);
  c.classes = size_from(in, 0, 20);
  c.layer_norm_eps = static_cast<float>(number_from(in, 1e-6));
  c.activation = static_cast<Activation>(in.ConsumeIntegralInRange(0, 4));
  c.class_token = in.ConsumeBool();
  c.distillation_token = in.ConsumeBool();
  c.registers = size_from(in, 0, 3);
  c.positioned_prefix = size_from(in, 0, 3);
  c.position_rows = size_from(in, 1, 5);
  c.position_columns = size_from(in, 1, 5);
  c.position_resampling = static_cast<Resampling>(in.ConsumeIntegralInRange(0, 4));
  for (bool* flag : {&c.patch_bias, &c.qkv_bias, &c.projection_bias, &c.pre_norm, &c.qk_norm, &c.layer_scale,
                     &c.gated_mlp, &c.final_norm, &c.pooled_norm, &c.multi_label, &c.int8}) {
    *flag = in.ConsumeBool();
  }
  c.pooling = static_cast<Pooling>(in.ConsumeIntegralInRange(0, 5));
  c.pre_logits = in.ConsumeBool() ? 0 : size_from(in, 0, 9);
  if (in.ConsumeBool()) add_rarities(in, c);
  switch (in.ConsumeIntegralInRange(0, 7)) {
    case 0: make_text(in, c); break;
    case 1: make_windows(in, c); break;
    default: break;
  }
  return c;
}

Preprocess preprocess_from(Input& in, const Config& c) {
  Preprocess p{};
  // The buffers of a resize take most of an execution's time, and have a fuzzer of their own.
  const bool resizes = in.ConsumeIntegralInRange(0, 7) == 0;
  p.resize = resizes ? static_cast<ResizeMode>(in.ConsumeIntegralInRange(0, 4)) : ResizeMode::none;
  const bool exact = in.ConsumeBool();
  p.resize_height = exact ? c.image_height : size_from(in, 1, 40);
  p.resize_width = exact ? c.image_width : size_from(in, 1, 40);
  p.filter = static_cast<Filter>(in.ConsumeIntegralInRange(1, 5));
  if (in.ConsumeBool()) {
    p.crop_height = exact || in.ConsumeBool() ? c.image_height : size_from(in, 0, 20);
    p.crop_width = exact || in.ConsumeBool() ? c.image_width : size_from(in, 0, 20);
  }
  p.crop_rounding = static_cast<CropRounding>(in.ConsumeIntegralInRange(0, 1));
  for (double& byte : p.padding) byte = number_from(in, 114);
  p.rescale_factor = number_from(in, 1.0 / 255);
  for (double& mean : p.mean) mean = number_from(in, 0.5);
  for (double& std : p.std) std = number_from(in, 0.25);
  return p;
}

// A tensor as a file might have it: mostly as the slot wants it.
struct Sent {
  std::string name;
  std::string dtype;
  std::vector<int> shape;
  std::vector<Axis> order;
  size_t bytes;
  Announced announced{};
};

size_t bytes_of(const std::string& dtype) {
  return dtype == "F64" ? 8 : dtype == "F32" ? 4 : dtype == "I8" ? 1 : 2;
}

Sent tensor_from(Input& in, const WeightSlot& slot) {
  Sent sent{slot.name, "F32", slot.shape, {}, 1};
  if (in.ConsumeIntegralInRange(0, 3) == 0) {
    sent.dtype = in.PickValueInArray({"F32", "F16", "BF16", "F64", "I8", "I32", ""});
  }
  for (int size : slot.shape) sent.bytes *= static_cast<size_t>(std::max(size, 0));
  const int count = static_cast<int>(std::min<size_t>(sent.bytes, 1 << 20));
  sent.bytes *= bytes_of(sent.dtype);
  switch (in.ConsumeIntegralInRange(0, 31)) {
    case 0: sent.name += "x"; break;
    case 1: sent.shape.push_back(in.ConsumeIntegral<int>()); break;
    case 2: sent.shape.clear(); break;
    case 3: sent.shape[0] = in.ConsumeIntegral<int>(); break;
    case 4: sent.shape.insert(sent.shape.begin(), 1); break;
    case 5:
      for (int axes = in.ConsumeIntegralInRange(1, 4); axes > 0; axes--) {
        sent.order.push_back({in.ConsumeIntegral<int>(), in.ConsumeIntegral<int>()});
      }
      break;
    case 6: sent.bytes += in.ConsumeIntegralInRange<size_t>(1, 40); break;
    default: break;
  }
  // The same values with the first axis running fastest.
  if (sent.order.empty() && slot.shape.size() >= 2 && slot.shape[0] > 0 &&
      in.ConsumeIntegralInRange(0, 7) == 0) {
    const int rows = slot.shape[0], columns = count / std::max(rows, 1);
    sent.order = {{columns, 1}, {rows, columns}};
  }
  return sent;
}

// Sends a tensor's bytes in chunks; false once it was refused.
bool send(Input& in, Model& model, const Sent& sent) {
  const int slot = sent.announced.slot;
  const bool plain = in.ConsumeIntegralInRange(0, 3) > 0;  // ordinary numbers, most of the time
  size_t left = sent.bytes;
  while (left > 0) {
    size_t chunk = std::min<size_t>(left, kStagingBytes);
    if (in.ConsumeBool()) chunk = std::min<size_t>(chunk, in.ConsumeIntegralInRange<size_t>(1, 200));
    // A chunk is of whole elements; sometimes it is not.
    if (in.ConsumeIntegralInRange(0, 31) > 0) chunk = std::max(chunk / 8 * 8, std::min<size_t>(left, 8));
    std::memset(model.staging, 0, chunk);
    if (plain) {
      for (size_t i = 0; i + 4 <= chunk && sent.dtype == "F32"; i += 4) {
        const float value = static_cast<float>(i % 97) / 97 - 0.5f;
        std::memcpy(model.staging + i, &value, 4);
      }
    } else {
      const std::vector<uint8_t> bytes = in.ConsumeBytes<uint8_t>(std::min<size_t>(chunk, 300));
      std::copy(bytes.begin(), bytes.end(), model.staging);
    }
    if (!receive(model, slot, static_cast<int>(chunk)).empty()) return false;
    left -= chunk;
  }
  return true;
}

void announce_sent(Model& model, Sent& sent) {
  sent.announced = announce(model, sent.name, sent.dtype, sent.shape, sent.order);
}

bool load_weights(Input& in, Model& model) {
  const std::vector<WeightSlot> slots = model.slots.slots;
  std::vector<Sent> tensors;
  for (const WeightSlot& slot : slots) {
    if (slot.scales_of >= 0 && in.ConsumeIntegralInRange(0, 3) > 0) continue;
    if (in.ConsumeIntegralInRange(0, 255) == 0) continue;
    tensors.push_back(tensor_from(in, slot));
    announce_sent(model, tensors.back());
    // Quantized weights bring their scales along.
    if (slot.quantized.inputs > 0 && tensors.back().dtype == "I8") {
      const WeightSlot& scales = slots[static_cast<size_t>(&slot - slots.data()) + 1];
      tensors.push_back({scales.name, "F32", scales.shape, {}, 4 * static_cast<size_t>(scales.shape[0])});
      announce_sent(model, tensors.back());
    }
  }
  missing(model);
  if (model.memory.used() > kMostBytes || !allocate(model).empty()) return false;
  for (const Sent& sent : tensors) {
    if (!send(in, model, sent) && in.ConsumeBool()) return false;
  }
  return finish(model).empty();
}

void check_picture(Input& in, Model& model, Preprocessor& preprocessor) {
  const bool exact = in.ConsumeBool();
  const int width = exact ? model.config.image_width : size_from(in, 1, in.ConsumeBool() ? 60 : 3000);
  const int height = exact ? model.config.image_height : size_from(in, 1, in.ConsumeBool() ? 60 : 600);
  if (!begin_image(preprocessor, width, height).empty()) return;
  const RowRange rows = preprocessor.needed_rows;
  const uint64_t row_bytes = 4 * static_cast<uint64_t>(width);
  if (row_bytes * static_cast<uint64_t>(rows.count) > (4 << 20)) return;
  const int most = static_cast<int>(std::max<uint64_t>(1, kStagingBytes / row_bytes));
  for (int left = rows.count; left > 0;) {
    const int band = std::min({left, most, in.ConsumeIntegralInRange(1, 64)});
    std::memset(model.staging, in.ConsumeIntegral<uint8_t>(), static_cast<size_t>(band) * row_bytes);
    const std::vector<uint8_t> bytes =
        in.ConsumeBytes<uint8_t>(std::min<size_t>(static_cast<size_t>(band) * row_bytes, 64));
    std::copy(bytes.begin(), bytes.end(), model.staging);
    add_rows(preprocessor, model.activations.pixel_values, model.staging, band);
    left -= band;
  }
}

void check_probabilities(const Model& model) {
  const int classes = model.config.classes;
  const float* logits = model.activations.logits;
  const float* probabilities = model.activations.probabilities;
  const auto finite = [](float value) { return std::isfinite(value); };
  // Probabilities of finite logits are some.
  if (std::all_of(logits, logits + classes, finite) &&
      !std::all_of(probabilities, probabilities + classes, [](float p) { return p >= 0 && p <= 1.0001f; })) {
    __builtin_trap();
  }
}

void look_inside(Input& in, Model& model) {
  const Config& c = model.config;
  std::vector<float> map(static_cast<size_t>(patch_count(c)));
  const int layer = in.ConsumeIntegralInRange(0, c.layers - 1);
  const int head = in.ConsumeIntegralInRange(-1, c.heads - 1);
  if (!attention_map(model, {layer, head, in.ConsumeBool()}, map.data()).empty()) __builtin_trap();
  if (c.pooling == Pooling::attention) return;
  if (c.joint_width > 0) {
    const std::vector<float> direction(static_cast<size_t>(c.joint_width), 0.25f);
    if (!explain_towards(model, direction.data(), map.data()).empty()) __builtin_trap();
  }
  if (c.classes == 0) return;
  const int label = in.ConsumeIntegralInRange(0, c.classes - 1);
  if (!explain(model, label, map.data()).empty()) __builtin_trap();
}

void look_through_blocks(Input& in, Model& model) {
  const Config& c = model.config;
  const size_t answers = static_cast<size_t>(c.layers) * static_cast<size_t>(patch_count(c));
  std::vector<float> probabilities(static_cast<size_t>(c.layers) * static_cast<size_t>(c.classes));
  std::vector<int32_t> classes(answers);
  std::vector<float> patch_probabilities(answers);
  int32_t* patches = in.ConsumeBool() ? classes.data() : nullptr;
  look_through(model, {probabilities.data(), patches, patch_probabilities.data()});
  // Of what is not a number no class is the best.
  const auto is_class = [&](int32_t index) { return index >= 0 && index < c.classes; };
  if (!std::all_of(classes.begin(), classes.end(), is_class)) __builtin_trap();
}

void embed_through_blocks(Input& in, Model& model) {
  const Config& c = model.config;
  const size_t width = static_cast<size_t>(c.joint_width > 0 ? c.joint_width : c.hidden);
  std::vector<float> pictures(static_cast<size_t>(c.layers) * width);
  std::vector<float> patches(pictures.size() * static_cast<size_t>(patch_count(c)));
  const bool of_patches = c.pooling != Pooling::attention && in.ConsumeBool();
  look_through(model, EmbeddingLens{pictures.data(), of_patches ? patches.data() : nullptr});
}

void see_picture(Input& in, Model& model, Preprocessor& preprocessor) {
  const Config& c = model.config;
  check_picture(in, model, preprocessor);
  Outputs wanted = answer(c);
  wanted.tokens = in.ConsumeBool();
  wanted.joint = c.joint_width > 0 && in.ConsumeBool();
  wanted.final_norm = in.ConsumeBool();
  forward(model, wanted);
  if (c.classes > 0) check_probabilities(model);
  const Pooling pooling = c.class_token ? Pooling::class_token : Pooling::mean_tokens;
  // All blocks of a Swin Transformer.
  forward(model, {.blocks = in.ConsumeIntegralInRange(has_windows(c) ? c.layers : 1, c.layers),
                  .pooling = pooling,
                  .unit_length = in.ConsumeBool()});
  if (has_windows(c)) return;  // nothing shows on one grid
  if (in.ConsumeBool()) look_inside(in, model);
  if (c.classes > 0 && in.ConsumeBool()) look_through_blocks(in, model);
  if (c.classes == 0 && in.ConsumeBool()) embed_through_blocks(in, model);
}

void read_texts(Input& in, Model& model) {
  const int rows = size_from(in, 0, token_count(model.config));
  const std::string dtype = in.PickValueInArray({"F32", "F16", "BF16", "F64", "I8", ""});
  std::memset(model.staging, in.ConsumeIntegral<uint8_t>(), kStagingBytes);
  (void)put_embeddings(model, dtype, size_from(in, 0, 3), rows);
  std::vector<int> lengths;
  for (int texts = in.ConsumeIntegralInRange(0, 4); texts > 0; texts--) {
    lengths.push_back(size_from(in, 0, token_count(model.config)));
  }
  const Texts texts{lengths, size_from(in, 0, token_count(model.config))};
  (void)embed_texts(model, texts, in.ConsumeBool());
}

void run(Input& in) {
  use_threads(in.ConsumeIntegralInRange(0, 7) == 0 ? 3 : 1);
  static const int tiles = static_cast<int>(gemm_tiles().size());
  static const int int8_tiles = static_cast<int>(gemm_int8_tiles().size());
  use_gemm_tile(in.ConsumeIntegralInRange(0, tiles - 1));
  use_gemm_int8_tile(in.ConsumeIntegralInRange(0, int8_tiles - 1));
  const Config config = config_from(in);
  const Preprocess preprocess = preprocess_from(in, config);
  Model model;
  Preprocessor preprocessor;
  if (!begin(model, config).empty()) return;
  if (!config.text) {
    if (!begin(preprocessor, preprocess, config).empty()) return;
    if (preprocessor.memory.used() > kMostBytes || !allocate(preprocessor).empty()) return;
  }
  if (!load_weights(in, model)) return;
  for (int times = in.ConsumeIntegralInRange(1, 2); times > 0; times--) {
    config.text ? read_texts(in, model) : see_picture(in, model, preprocessor);
  }
}

}  // namespace
}  // namespace vit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider in(data, size);
  vit::run(in);
  return 0;
}
