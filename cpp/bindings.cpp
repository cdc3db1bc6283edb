// The boundary: what JavaScript sees of the library, as one table. The only file that knows Embind.
//
// Buffers cross as byte offsets into the module's memory, to be looked at right away: a view made before
// memory grows is dead after it. Strings that report failure are empty when all is well.
#include <emscripten/bind.h>

#include <vector>

#include "inspection.h"
#include "logistic_regression.h"
#include "preprocess.h"
#include "swin/stages.h"
#include "threads.h"
#include "vit.h"

using namespace emscripten;

namespace vit {
namespace {

template <typename T>
unsigned pointer(const T* data) {
  return static_cast<unsigned>(reinterpret_cast<uintptr_t>(data));
}

// A model, its preprocessor unless it is a text encoder, and copies of results.
struct BoundModel {
  Model model;
  Preprocessor preprocessor;
  std::string wanted;
  std::vector<float> stage;
  int stage_rows = 0;
  int stage_columns = 0;
  std::vector<float> map;  // of the latest inspection: [patches], or what `run_embedding_lens` says
  std::vector<float> probabilities;
  std::vector<int32_t> patch_classes;
  std::vector<float> patch_probabilities;
};

// An enum as a field of an object: its number (tests/engine/vocabulary.test.ts).
template <auto member>
struct AsNumber;
template <typename Struct, typename Enum, Enum Struct::* member>
struct AsNumber<member> {
  static int get(const Struct& object) { return static_cast<int>(object.*member); }
  static void set(Struct& object, int value) { object.*member = static_cast<Enum>(value); }
};

// Numbers per stage, in the order of its fields.
constexpr size_t kStageNumbers = sizeof(SwinStage) / sizeof(int);

val stages_as_numbers(const Windows& windows) {
  return val(typed_memory_view(area(windows.count, kStageNumbers), &windows.stages[0].blocks));
}

void stages_from_numbers(Windows& windows, const val& stages) {
  const std::vector<int> numbers = convertJSArrayToNumberVector<int>(stages);
  windows.count = static_cast<int>(numbers.size() / kStageNumbers);
  for (size_t i = 0; i < windows.stages.size() && (i + 1) * kStageNumbers <= numbers.size(); i++) {
    const int* stage = &numbers[i * kStageNumbers];
    windows.stages[i] = {stage[0], stage[1], stage[2], stage[3], stage[4]};
  }
}

std::string begin_model(BoundModel& bound, const Config& config, const Preprocess& preprocess) {
  BoundModel next;
  if (std::string error = begin(next.model, config); !error.empty()) return error;
  if (!config.text) {
    if (std::string error = begin(next.preprocessor, preprocess, config); !error.empty()) return error;
  }
  bound = std::move(next);
  return "";
}

std::string allocate_model(BoundModel& bound) {
  if (std::string error = allocate(bound.preprocessor); !error.empty()) return error;
  return allocate(bound.model);
}

double memory_bytes(const BoundModel& bound) {
  return static_cast<double>(bound.model.memory.used() + bound.preprocessor.memory.used());
}

// A slot's index, or a string that says what is wrong. `order` alternates sizes and strides.
val announce_tensor(BoundModel& bound, const std::string& name, const std::string& dtype, const val& shape,
                    const val& order) {
  const std::vector<int> numbers = convertJSArrayToNumberVector<int>(order);
  std::vector<Axis> axes;
  for (size_t i = 0; i + 1 < numbers.size(); i += 2) axes.push_back({numbers[i], numbers[i + 1]});
  const Announced announced =
      announce(bound.model, name, dtype, convertJSArrayToNumberVector<int>(shape), axes);
  return announced.error.empty() ? val(announced.slot) : val(announced.error);
}

// One matrix in the scheme of kernels/quantization.h, for writing int8 files: { values: Int8Array, scales:
// Float32Array }.
val quantize_matrix(const val& floats, int inputs) {
  std::vector<float> weights = convertJSArrayToNumberVector<float>(floats);
  const size_t width = inputs;
  std::vector<int8_t> values(weights.size());
  std::vector<float> scales;
  for (size_t first = 0; first + width <= weights.size(); first += width) {
    scales.push_back(quantize_weights(values.data() + first, weights.data() + first, inputs));
  }
  val result = val::object();
  // Copied: the views are of memory that is about to be freed.
  result.set("values", val(typed_memory_view(values.size(), values.data())).call<val>("slice"));
  result.set("scales", val(typed_memory_view(scales.size(), scales.data())).call<val>("slice"));
  return result;
}

void copy_wanted(void* context, const Stage& stage) {
  BoundModel& bound = *static_cast<BoundModel*>(context);
  std::string name(stage.name);
  if (stage.name == "blocks") name += "." + std::to_string(stage.layer);
  if (name != bound.wanted) return;
  bound.stage_rows = stage.rows;
  bound.stage_columns = stage.columns;
  bound.stage.assign(stage.data, stage.data + stage.rows * stage.columns);
}

std::string run_to_stage(BoundModel& bound, const std::string& name) {
  bound.wanted = name;
  bound.stage.clear();
  Outputs wanted = answer(bound.model.config);
  wanted.tokens = true;
  forward(bound.model, wanted, {&bound, copy_wanted});
  return bound.stage.empty() ? "is not a stage of this model" : "";
}

// `pooling` −1: no pooled features.
void run_forward(BoundModel& bound, int blocks, bool final_norm, bool tokens, int pooling, bool joint,
                 bool unit_length, bool head) {
  Outputs wanted{.blocks = blocks,
                 .final_norm = final_norm,
                 .tokens = tokens,
                 .joint = joint,
                 .unit_length = unit_length,
                 .head = head};
  if (pooling >= 0) wanted.pooling = static_cast<Pooling>(pooling);
  forward(bound.model, wanted);
}

std::string run_attention(BoundModel& bound, int layer, int head, bool rollout) {
  bound.map.resize(patch_count(bound.model.config));
  return attention_map(bound.model, {layer, head, rollout}, bound.map.data());
}

std::string run_explain(BoundModel& bound, int label) {
  bound.map.resize(patch_count(bound.model.config));
  return explain(bound.model, label, bound.map.data());
}

std::string run_explain_towards(BoundModel& bound, const val& direction) {
  bound.map.resize(patch_count(bound.model.config));
  const std::vector<float> values = convertJSArrayToNumberVector<float>(direction);
  const size_t width = embedding_width(bound.model.config);
  if (values.size() != width) return "needs a direction of " + std::to_string(width) + " values";
  return explain_towards(bound.model, values.data(), bound.map.data());
}

void run_lens(BoundModel& bound, bool patches) {
  const Config& c = bound.model.config;
  const size_t answers = patches ? area(c.layers, patch_count(c)) : 0;
  bound.probabilities.resize(area(c.layers, c.classes));
  bound.patch_classes.resize(answers);
  bound.patch_probabilities.resize(answers);
  look_through(bound.model, Lens{bound.probabilities.data(), patches ? bound.patch_classes.data() : nullptr,
                                 bound.patch_probabilities.data()});
}

// map = embeddings of the image [layers × W] and, behind them, of the patches [layers × patches × W].
std::string run_embedding_lens(BoundModel& bound, bool patches) {
  const Config& c = bound.model.config;
  const size_t of_images = area(c.layers, embedding_width(c));
  const uint64_t values = uint64_t{of_images} * (patches ? 1 + patch_count(c) : 1);
  if (values > kMostElements) return "would have embeddings of more than 2 GB";
  bound.map.resize(values);
  look_through(bound.model,
               EmbeddingLens{bound.map.data(), patches ? bound.map.data() + of_images : nullptr});
  return "";
}

std::string run_texts_to_stage(BoundModel& bound, const val& lengths, const std::string& name) {
  bound.wanted = name;
  bound.stage.clear();
  const std::vector<int> numbers = convertJSArrayToNumberVector<int>(lengths);
  std::string error = embed_texts(bound.model, {numbers}, false, {&bound, copy_wanted});
  if (!error.empty()) return error;
  return bound.stage.empty() ? "is not a stage of this model" : "";
}

// By its full type, because `begin` is overloaded.
std::string begin_regression(LogisticRegression& regression, int count, int width, int classes, double l2) {
  return begin(regression, count, width, classes, l2);
}

void bind_engine() {
  function("variant", +[] { return std::string(VIT_VARIANT); });
  function("useThreads", &use_threads);
  function("runningThreads", +[] { return running_threads(); });
  function("endThreads", &end_threads);
  function("quantizeMatrix", &quantize_matrix);
  function("gemmTiles", +[](bool int8) { return val::array(int8 ? gemm_int8_tiles() : gemm_tiles()); });
  function("useGemmTile", +[](bool int8, int index) { (int8 ? use_gemm_int8_tile : use_gemm_tile)(index); });
  function(
      "tryGemmTile", +[](bool int8, int index, int repeats) {
        (int8 ? try_gemm_int8_tile : try_gemm_tile)(index, repeats);
      });
}

void bind_config() {
  value_object<Rotary>("Rotary")
      .field("theta", &Rotary::theta)
      .field("pairs", &AsNumber<&Rotary::pairs>::get, &AsNumber<&Rotary::pairs>::set)
      .field("coordinates", &AsNumber<&Rotary::coordinates>::get, &AsNumber<&Rotary::coordinates>::set)
      .field("offset", &Rotary::offset)
      .field("referenceRows", &Rotary::reference_rows)
      .field("referenceColumns", &Rotary::reference_columns)
      .field("columnsFirst", &Rotary::columns_first)
      .field("learned", &Rotary::learned);

  value_object<Windows>("Windows")
      .field("stages", &stages_as_numbers, &stages_from_numbers)
      .field("cosine", &Windows::cosine)
      .field("asTimm", &Windows::as_timm);

  value_object<Config>("Config")
      .field("imageHeight", &Config::image_height)
      .field("imageWidth", &Config::image_width)
      .field("patchHeight", &Config::patch_height)
      .field("patchWidth", &Config::patch_width)
      .field("hidden", &Config::hidden)
      .field("layers", &Config::layers)
      .field("heads", &Config::heads)
      .field("mlpHidden", &Config::mlp_hidden)
      .field("classes", &Config::classes)
      .field("layerNormEps", &Config::layer_norm_eps)
      .field("activation", &AsNumber<&Config::activation>::get, &AsNumber<&Config::activation>::set)
      .field("classToken", &Config::class_token)
      .field("distillationToken", &Config::distillation_token)
      .field("registers", &Config::registers)
      .field("positionedPrefix", &Config::positioned_prefix)
      .field("positionRows", &Config::position_rows)
      .field("positionColumns", &Config::position_columns)
      .field("positionResampling", &AsNumber<&Config::position_resampling>::get,
             &AsNumber<&Config::position_resampling>::set)
      .field("learnedPositions", &Config::learned_positions)
      .field("relativePositions", &AsNumber<&Config::relative_positions>::get,
             &AsNumber<&Config::relative_positions>::set)
      .field("distanceWidth", &Config::distance_width)
      .field("rotary", &Config::rotary)
      .field("blockOrder", &AsNumber<&Config::block_order>::get, &AsNumber<&Config::block_order>::set)
      .field("rmsNorm", &Config::rms_norm)
      .field("patchNorm", &Config::patch_norm)
      .field("patchBias", &Config::patch_bias)
      .field("qkvBias", &Config::qkv_bias)
      .field("keyBias", &Config::key_bias)
      .field("projectionBias", &Config::projection_bias)
      .field("preNorm", &Config::pre_norm)
      .field("qkNorm", &Config::qk_norm)
      .field("attentionNorm", &Config::attention_norm)
      .field("mlpNorm", &Config::mlp_norm)
      .field("layerScale", &Config::layer_scale)
      .field("gatedMlp", &Config::gated_mlp)
      .field("text", &Config::text)
      .field("causal", &Config::causal)
      .field("finalNorm", &Config::final_norm)
      .field("pooling", &AsNumber<&Config::pooling>::get, &AsNumber<&Config::pooling>::set)
      .field("poolHeads", &Config::pool_heads)
      .field("pooledNorm", &Config::pooled_norm)
      .field("preLogits", &Config::pre_logits)
      .field("multiLabel", &Config::multi_label)
      .field("jointWidth", &Config::joint_width)
      .field("jointBias", &Config::joint_bias)
      .field("windows", &Config::windows)
      .field("int8", &Config::int8);
}

void bind_preprocess() {
  value_array<std::array<double, 3>>("Rgb")
      .element(emscripten::index<0>())
      .element(emscripten::index<1>())
      .element(emscripten::index<2>());

  value_object<Preprocess>("Preprocess")
      .field("resize", &AsNumber<&Preprocess::resize>::get, &AsNumber<&Preprocess::resize>::set)
      .field("resizeHeight", &Preprocess::resize_height)
      .field("resizeWidth", &Preprocess::resize_width)
      .field("filter", &AsNumber<&Preprocess::filter>::get, &AsNumber<&Preprocess::filter>::set)
      .field("cropHeight", &Preprocess::crop_height)
      .field("cropWidth", &Preprocess::crop_width)
      .field("cropRounding", &AsNumber<&Preprocess::crop_rounding>::get,
             &AsNumber<&Preprocess::crop_rounding>::set)
      .field("padding", &Preprocess::padding)
      .field("rescaleFactor", &Preprocess::rescale_factor)
      .field("mean", &Preprocess::mean)
      .field("std", &Preprocess::std)
      .field("resizeRounding", &AsNumber<&Preprocess::resize_rounding>::get,
             &AsNumber<&Preprocess::resize_rounding>::set);

  value_object<Box>("Box")
      .field("x", &Box::x)
      .field("y", &Box::y)
      .field("width", &Box::width)
      .field("height", &Box::height);
}

void bind_regression() {
  class_<LogisticRegression>("LogisticRegression")
      .constructor<>()
      .function("begin", &begin_regression)
      .function("pack", &pack)
      .function("solve", &solve)
      .function(
          "examplesPointer", +[](const LogisticRegression& r) { return pointer(r.examples); })
      .function(
          "labelsPointer", +[](const LogisticRegression& r) { return pointer(r.labels); })
      .function(
          "weightsPointer", +[](const LogisticRegression& r) { return pointer(r.weights); })
      .property("leftOut", &LogisticRegression::left_out)
      .property("loss", &LogisticRegression::loss);
}

void bind_model() {
  class_<BoundModel>("Model")
      .constructor<>()
      .function("begin", &begin_model)
      .function("allocate", &allocate_model)
      .function("memoryBytes", &memory_bytes)
      .function(
          "stagingBytes", +[](const BoundModel&) { return kStagingBytes; })
      .function(
          "stagingPointer", +[](const BoundModel& b) { return pointer(b.model.staging); })
      .function("announce", &announce_tensor)
      .function(
          "receive", +[](BoundModel& b, int slot, int bytes) { return receive(b.model, slot, bytes); })
      .function(
          "missing", +[](const BoundModel& b) { return missing(b.model); })
      .function(
          "finish", +[](BoundModel& b) { return finish(b.model); })
      .function(
          "imageBegin",
          +[](BoundModel& b, int width, int height) { return begin_image(b.preprocessor, width, height); })
      .function(
          "imageFirstRow", +[](const BoundModel& b) { return b.preprocessor.needed_rows.first; })
      .function(
          "imageRowCount", +[](const BoundModel& b) { return b.preprocessor.needed_rows.count; })
      .function(
          "imageRows",
          +[](BoundModel& b, int rows) {
            add_rows(b.preprocessor, b.model.activations.pixel_values, b.model.staging, rows);
          })
      .function(
          "pixelValuesPointer",
          +[](const BoundModel& b) { return pointer(b.model.activations.pixel_values); })
      .function(
          "imageBox", +[](const BoundModel& b) { return b.preprocessor.seen; })
      .function(
          "tokenCount", +[](const BoundModel& b) { return token_count(final_config(b.model.config)); })
      .function(
          "prefixCount", +[](const BoundModel& b) { return prefix_count(b.model.config); })
      .function(
          "gridColumns", +[](const BoundModel& b) { return grid_columns(final_config(b.model.config)); })
      .function("forward", &run_forward)
      .function("attention", &run_attention)
      .function("explain", &run_explain)
      .function("explainTowards", &run_explain_towards)
      .function("lens", &run_lens)
      .function("embeddingLens", &run_embedding_lens)
      .function(
          "mapPointer", +[](const BoundModel& b) { return pointer(b.map.data()); })
      .function(
          "lensPointer", +[](const BoundModel& b) { return pointer(b.probabilities.data()); })
      .function(
          "patchClassesPointer", +[](const BoundModel& b) { return pointer(b.patch_classes.data()); })
      .function(
          "patchProbabilitiesPointer",
          +[](const BoundModel& b) { return pointer(b.patch_probabilities.data()); })
      .function(
          "putEmbeddings", +[](BoundModel& b, const std::string& dtype, int first,
                               int rows) { return put_embeddings(b.model, dtype, first, rows); })
      .function(
          "embedTexts",
          +[](BoundModel& b, const val& lengths, int shared, bool normalize) {
            return embed_texts(b.model, {convertJSArrayToNumberVector<int>(lengths), shared}, normalize);
          })
      .function(
          "jointPointer", +[](const BoundModel& b) { return pointer(b.model.activations.joint); })
      .function("textStage", &run_texts_to_stage)
      .function(
          "tokensPointer", +[](const BoundModel& b) { return pointer(b.model.activations.normed); })
      .function(
          "pooledPointer", +[](const BoundModel& b) { return pointer(b.model.activations.pooled); })
      .function(
          "logitsPointer", +[](const BoundModel& b) { return pointer(b.model.activations.logits); })
      .function(
          "probabilitiesPointer",
          +[](const BoundModel& b) { return pointer(b.model.activations.probabilities); })
      .function("stage", &run_to_stage)
      .function(
          "stagePointer", +[](const BoundModel& b) { return pointer(b.stage.data()); })
      .function(
          "stageRows", +[](const BoundModel& b) { return b.stage_rows; })
      .function("stageColumns", +[](const BoundModel& b) { return b.stage_columns; });
}

}  // namespace
}  // namespace vit

EMSCRIPTEN_BINDINGS(vit) {
  vit::bind_engine();
  vit::bind_config();
  vit::bind_preprocess();
  vit::bind_regression();
  vit::bind_model();
}
