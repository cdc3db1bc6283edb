// Logistic regression from arbitrary sizes, examples, labels and penalties, solved with and without an
// example left out.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../../../cpp/logistic_regression.h"
#include "../../../cpp/threads.h"

namespace vit {
namespace {

void run(FuzzedDataProvider& in) {
  const auto size = [&](int largest) {
    return in.ConsumeIntegralInRange(0, 31) ? in.ConsumeIntegralInRange(1, largest)
                                            : in.ConsumeIntegral<int>();
  };
  use_threads(in.ConsumeIntegralInRange(0, 7) == 0 ? 3 : 1);
  const double penalties[] = {1, 0, 1e-12, 1e300, in.ConsumeFloatingPoint<double>()};
  const double l2 = in.PickValueInArray(penalties);
  const int count = size(20), width = size(24), classes = size(5);
  // Beyond this, memory is all that would be tested.
  if (static_cast<double>(count) * width > 1 << 20 || static_cast<double>(classes) * width > 1 << 20 ||
      static_cast<double>(classes) * count > 1 << 20) {
    return;
  }
  LogisticRegression regression;
  if (!begin(regression, count, width, classes, l2).empty()) return;
  const float scale = in.ConsumeIntegralInRange(0, 15) ? 1 : in.ConsumeFloatingPoint<float>();
  for (int i = 0; i < count * width; i++) {
    regression.examples[i] = scale * (static_cast<float>(in.ConsumeIntegral<uint8_t>()) / 128 - 1);
  }
  for (int i = 0; i < count; i++) {
    regression.labels[i] = in.ConsumeIntegralInRange(0, 63) ? i % classes : in.ConsumeIntegral<int>();
  }
  if (!pack(regression).empty()) return;
  (void)solve(regression, in.ConsumeIntegralInRange(0, 40));
  regression.left_out = in.ConsumeIntegralInRange(-1, count - 1);
  (void)solve(regression, in.ConsumeIntegralInRange(0, 10));
}

}  // namespace
}  // namespace vit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider in(data, size);
  vit::run(in);
  return 0;
}
