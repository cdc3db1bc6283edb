// The 16-bit products of attention: their integers, which have to be exact, and what the rounding leaves.
#include "../../cpp/kernels/int16.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

struct OwnedMatrix {
  std::vector<int16_t> panels;
  std::vector<float> scales;
  Int16Matrix matrix;

  OwnedMatrix(int inputs, int outputs)
      : panels(int16_panel_values(inputs, outputs), int16_t{0}),
        scales(outputs + 7, 0.0f),
        matrix{panels.data(), scales.data(), inputs, outputs} {}

  int code(int output, int input) const {
    const int pairs = (matrix.inputs + 1) / 2;
    return panels[static_cast<size_t>(((output / 8 * pairs + input / 2) * 8 + output % 8) * 2 + input % 2)];
  }
};

struct OwnedRows {
  std::vector<int16_t> values;
  std::vector<float> scales;
  Int16Rows rows;

  OwnedRows(int count, int width)
      : values(static_cast<size_t>(int16_row_values(width)) * count, int16_t{0}),
        scales(count, 0.0f),
        rows{values.data(), scales.data()} {}
};

std::vector<float> transposed(const std::vector<float>& x, int rows, int columns) {
  std::vector<float> out;
  for (int column = 0; column < columns; column++) {
    for (int row = 0; row < rows; row++) out.push_back(x[static_cast<size_t>(row) * columns + column]);
  }
  return out;
}

struct Sizes {
  int rows, inputs, outputs;
};
const Sizes kSizes[] = {{1, 1, 1},     {2, 2, 3},    {3, 3, 4},     {4, 5, 8},     {5, 6, 9},  {30, 64, 197},
                        {30, 197, 64}, {17, 21, 20}, {7, 1369, 12}, {1, 64, 1025}, {8, 16, 13}};

class GemmInt16 : public testing::TestWithParam<Sizes> {};
INSTANTIATE_TEST_SUITE_P(Sizes, GemmInt16, testing::ValuesIn(kSizes));

TEST_P(GemmInt16, SumsExactlyAndIsNearItsTwin) {
  const auto [rows, inputs, outputs] = GetParam();
  const auto x = random_floats(static_cast<size_t>(rows) * inputs, 1);
  const auto w = random_floats(static_cast<size_t>(outputs) * inputs, 2);
  OwnedRows a(rows, inputs);
  quantize_left(a.rows, x.data(), inputs, rows, inputs);
  OwnedMatrix b(inputs, outputs);
  quantize_outputs(b.matrix, w.data(), inputs);

  const int stride = outputs + 3;
  std::vector<float> out(static_cast<size_t>(rows) * stride, 12345.0f);
  gemm_int16(out.data(), stride, a.rows, rows, b.matrix);
  const auto expected =
      reference::linear(to_double(x), to_double(w), reference::Matrix(outputs, 0), rows, inputs, outputs);
  for (int row = 0; row < rows; row++) {
    double total = 0;
    for (int i = 0; i < inputs; i++) total += std::fabs(x[static_cast<size_t>(row) * inputs + i]);
    for (int o = 0; o < stride; o++) {
      const float value = out[static_cast<size_t>(row) * stride + o];
      if (o >= outputs) {
        ASSERT_EQ(value, 12345.0f) << "row " << row << " column " << o;
        continue;
      }
      int64_t sum = 0;
      for (int i = 0; i < inputs; i++) {
        sum += a.values[static_cast<size_t>(row) * int16_row_values(inputs) + i] * b.code(o, i);
      }
      ASSERT_EQ(value, static_cast<float>(sum) * (a.scales[row] * b.scales[o]))
          << "row " << row << " column " << o;
      // Half a code in every factor on both sides.
      const double largest = b.scales[o] * 32767;
      const double tolerance =
          total * b.scales[o] / 2 + inputs * largest * a.scales[row] / 2 + 1e-5 * total * largest;
      ASSERT_NEAR(value, expected[static_cast<size_t>(row) * outputs + o], tolerance);
    }
  }
}

TEST_P(GemmInt16, TakesInputsAsItTakesOutputs) {
  const auto [rows, inputs, outputs] = GetParam();
  const auto w = random_floats(static_cast<size_t>(outputs) * inputs, 3);
  OwnedMatrix by_outputs(inputs, outputs), by_inputs(inputs, outputs);
  quantize_outputs(by_outputs.matrix, w.data(), inputs);
  quantize_inputs(by_inputs.matrix, transposed(w, outputs, inputs).data(), outputs);
  for (int o = 0; o < outputs; o++) {
    ASSERT_FLOAT_EQ(by_inputs.scales[o], by_outputs.scales[o]);
    for (int i = 0; i < inputs; i++) {
      ASSERT_NEAR(by_inputs.code(o, i), by_outputs.code(o, i), 1);
      ASSERT_NEAR(by_outputs.code(o, i), w[static_cast<size_t>(o) * inputs + i] / by_outputs.scales[o], 0.51);
    }
  }
}

// The largest sums there can be: all factors at their most, and one factor that has all of the row.
TEST(GemmInt16Extremes, AreExact) {
  for (int inputs : {1, 2, 3, 64, 197, 5000}) {
    for (float sign : {1.0f, -1.0f}) {
      for (bool peak : {false, true}) {
        std::vector<float> x(inputs, peak ? 0.0f : 0.7f);
        x[0] = 0.7f;
        const std::vector<float> w(inputs, sign * 3.3f);
        OwnedRows a(1, inputs);
        quantize_left(a.rows, x.data(), inputs, 1, inputs);
        OwnedMatrix b(inputs, 1);
        quantize_outputs(b.matrix, w.data(), inputs);
        int64_t total = 0, sum = 0;
        for (int i = 0; i < inputs; i++) {
          total += std::abs(a.values[i]);
          sum += a.values[i] * b.code(0, i);
        }
        ASSERT_LE(total, 65534);
        float out;
        gemm_int16(&out, 1, a.rows, 1, b.matrix);
        ASSERT_EQ(out, static_cast<float>(sum) * (a.scales[0] * b.scales[0])) << inputs << " inputs";
        const double expected = sign * 0.7 * 3.3 * (peak ? 1 : inputs);
        // Half a code of each side: the left ones shrink as they become more.
        ASSERT_NEAR(out, expected, std::fabs(expected) * (0.5 / 32767 + 0.6 * std::max(inputs, 2) / 65534));
      }
    }
  }
}

TEST(QuantizeLeft, TakesZerosAndShowsWhatIsNotFinite) {
  const std::vector<float> w(5, 1.0f);
  OwnedMatrix b(5, 1);
  quantize_outputs(b.matrix, w.data(), 5);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float value : {0.0f, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    const std::vector<float> x = {0, 0, value, 0, 0};
    OwnedRows a(1, 5);
    quantize_left(a.rows, x.data(), 5, 1, 5);
    float out;
    gemm_int16(&out, 1, a.rows, 1, b.matrix);
    if (value == 0) {
      EXPECT_EQ(out, 0.0f);
    } else {
      EXPECT_FALSE(std::isfinite(out)) << value;
    }
  }
}

// The codes of -NaN are -32768, whose products do not fit an int in pairs.
TEST(GemmInt16, TakesTheLowestCodes) {
  const std::vector<float> x(4, -std::numeric_limits<float>::quiet_NaN());
  OwnedMatrix b(4, 1);
  quantize_outputs(b.matrix, x.data(), 4);
  OwnedRows a(1, 4);
  quantize_left(a.rows, x.data(), 4, 1, 4);
  float out;
  gemm_int16(&out, 1, a.rows, 1, b.matrix);
  EXPECT_TRUE(std::isnan(out));
}

TEST(QuantizeRight, ShowsWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> ones(5, 1.0f);
  OwnedRows a(1, 5);
  quantize_left(a.rows, ones.data(), 5, 1, 5);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (float bad : {kInfinity, nan, -nan}) {
    const std::vector<float> x = {1, 1, bad, 1, 1};
    for (const auto quantize : {quantize_outputs, quantize_inputs}) {
      OwnedMatrix b(5, 1);
      quantize(b.matrix, x.data(), quantize == quantize_outputs ? 5 : 1);
      float out;
      gemm_int16(&out, 1, a.rows, 1, b.matrix);
      EXPECT_TRUE(std::isnan(out)) << bad;
    }
  }
}

}  // namespace
}  // namespace vit
