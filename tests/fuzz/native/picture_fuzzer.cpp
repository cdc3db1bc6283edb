// Preprocessing alone, which is where a picture's size meets a file's settings: every resize, filter, crop
// and padding for pictures from 1×1 to the longest and thinnest there may be, held against what has to be
// true of the outcome.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "../../../cpp/preprocess.h"

namespace vit {
namespace {

constexpr int kMostOutput = 40;

// Larger ones run the same code, and mapping their memory would take most of the time.
constexpr uint64_t kMostBytes = 2 << 20;
constexpr int64_t kMostPixels = 1 << 15;

void run(FuzzedDataProvider& in) {
  const auto edge = [&](int largest) {
    return in.ConsumeIntegralInRange(0, 31) ? in.ConsumeIntegralInRange(1, largest)
                                            : in.ConsumeIntegral<int>();
  };
  Config config{};
  config.image_height = in.ConsumeIntegralInRange(1, kMostOutput);
  config.image_width = in.ConsumeBool() ? config.image_height : in.ConsumeIntegralInRange(1, kMostOutput);
  Preprocess p{};
  p.resize = static_cast<ResizeMode>(in.ConsumeIntegralInRange(0, 4));
  const bool squash = p.resize == ResizeMode::squash && in.ConsumeBool();
  p.resize_height = squash ? config.image_height : edge(120);
  p.resize_width = squash ? config.image_width : edge(120);
  p.filter = static_cast<Filter>(in.ConsumeIntegralInRange(1, 5));
  if (!squash) {
    p.crop_height = config.image_height;
    p.crop_width = config.image_width;
  }
  p.crop_rounding = static_cast<CropRounding>(in.ConsumeIntegralInRange(0, 1));
  p.padding = {0, 114, 255};
  p.rescale_factor = 1;
  p.std = {1, 1, 1};
  Preprocessor preprocessor;
  if (!begin(preprocessor, p, config).empty()) return;
  if (preprocessor.memory.used() > kMostBytes || !allocate(preprocessor).empty()) return;
  const int width = edge(in.ConsumeBool() ? 100 : 30000), height = edge(in.ConsumeBool() ? 100 : 30000);
  if (!begin_image(preprocessor, width, height).empty()) return;
  const RowRange rows = preprocessor.needed_rows;
  if (rows.first < 0 || rows.count < 0 || rows.first + rows.count > height) __builtin_trap();
  if (static_cast<int64_t>(width) * rows.count > kMostPixels) return;

  const uint8_t byte = in.ConsumeIntegral<uint8_t>();
  std::vector<uint8_t> band(4 * static_cast<size_t>(width) * 8, byte);
  const std::vector<uint8_t> noise = in.ConsumeBytes<uint8_t>(std::min<size_t>(band.size(), 64));
  std::copy(noise.begin(), noise.end(), band.begin());
  std::vector<float> values(
      3 * static_cast<size_t>(config.image_height) * static_cast<size_t>(config.image_width), -1);
  for (int left = rows.count; left > 0;) {
    const int count = std::min(left, in.ConsumeIntegralInRange(1, 8));
    add_rows(preprocessor, values.data(), band.data(), count);
    left -= count;
  }
  if (rows.count == 0) return;
  for (float value : values) {
    if (!(value >= 0 && value <= 255)) __builtin_trap();  // every value was written, and is a byte's
  }
}

}  // namespace
}  // namespace vit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider in(data, size);
  vit::run(in);
  return 0;
}
