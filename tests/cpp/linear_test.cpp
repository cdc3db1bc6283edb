// Quantized layers whose first rows have codes of 14 bits: those are closer to the exact product than the
// others.
#include "../../cpp/linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

// Rows of codes with memory of their own.
struct OwnedRows {
  std::vector<uint8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> zeros;
  QuantizedRows rows;

  OwnedRows(int count, int width)
      : values(quantized_row_bytes(width) * static_cast<size_t>(count), uint8_t{0}),
        scales(static_cast<size_t>(count), 0.0f),
        zeros(static_cast<size_t>(count), 0),
        rows{values.data(), scales.data(), zeros.data()} {}
};

constexpr int kRows = 13, kInputs = 48, kOutputs = 29, kStride = 31;

class LinearOfFineRows : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Fine, LinearOfFineRows, testing::Values(0, 1, 5, kRows));

TEST_P(LinearOfFineRows, IsNearItsTwinByTheBitsOfEachRow) {
  const int fine = GetParam();
  auto w = random_floats(area(kOutputs, kInputs), 1);
  const auto bias = random_floats(kOutputs, 2);
  auto x = random_floats(area(kRows, kInputs), 3);

  const size_t columns = static_cast<size_t>(quantized_columns(kOutputs));
  std::vector<int8_t> panels(quantized_bytes(kInputs, kOutputs)), codes(kInputs);
  std::vector<float> scales(columns), biases(columns), no_bias(columns);
  std::vector<int32_t> sums(columns);
  Linear layer{{}, {panels.data(), scales.data(), sums.data(), biases.data(), kInputs, kOutputs}};
  reference::Matrix rounded;  // the weights as they are multiplied
  for (int o = 0; o < kOutputs; o++) {
    scales[o] = quantize_weights(codes.data(), w.data() + area(o, kInputs), kInputs);
    biases[o] = bias[o];
    pack_quantized(layer.int8, o, codes.data());
    for (int8_t code : codes) rounded.push_back(static_cast<double>(scales[o]) * code);
  }

  OwnedRows high(kRows, kInputs), low(std::max(fine, 1), kInputs);
  if (fine > 0) quantize_rows(QuantizedHalves{high.rows, low.rows}, x.data(), kInputs, fine, kInputs);
  quantize_rows(after(high.rows, fine, kInputs), x.data() + area(fine, kInputs), kInputs, kRows - fine,
                kInputs);
  // `x` is rotated by now.
  const LinearInput in{x.data(), kInputs, high.rows, {low.rows, fine, no_bias.data()}};
  const auto expected = reference::linear(to_double(x), rounded, to_double(bias), kRows, kInputs, kOutputs);

  for (const int rows : {1, 4, kRows}) {
    std::vector<float> replaced(area(kRows, kStride), 99.0f), added(replaced.size(), 0.5f),
        activated(replaced.size(), 99.0f);
    linear(replaced.data(), kStride, in, rows, layer);
    linear(added.data(), kStride, in, rows, layer, Store::accumulate);
    linear_activated(activated.data(), kStride, in, rows, layer, Activation::relu);
    for (int row = 0; row < kRows; row++) {
      const auto [least, most] = std::minmax_element(&x[area(row, kInputs)], &x[area(row + 1, kInputs)]);
      const double step = (std::max(*most, 0.0f) - std::min(*least, 0.0f)) / (row < fine ? 16383.0 : 127.0);
      for (int o = 0; o < kStride; o++) {
        const size_t at = area(row, kStride) + static_cast<size_t>(o);
        if (row >= rows || o >= kOutputs) {
          ASSERT_EQ(replaced[at], 99.0f);
          ASSERT_EQ(activated[at], 99.0f);
          continue;
        }
        double magnitudes = 0;
        for (int i = 0; i < kInputs; i++) magnitudes += std::fabs(rounded[area(o, kInputs) + i]);
        // Half a step, and as much at the ends, where the zero point was rounded.
        ASSERT_NEAR(replaced[at], expected[area(row, kOutputs) + o], step * magnitudes + 1e-5)
            << fine << " fine, row " << row << " output " << o;
        ASSERT_NEAR(added[at], replaced[at] + 0.5f, 1e-5);
        ASSERT_EQ(activated[at], std::max(replaced[at], 0.0f));
      }
    }
  }
}

}  // namespace
}  // namespace vit
