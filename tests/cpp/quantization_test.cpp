// int8: the scheme against its naive twin, and the matrix product's integers, which have to be exact.
#include "../../cpp/kernels/quantization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "../../cpp/kernels/reference.h"
#include "../../cpp/kernels/simd.h"
#include "random.h"

namespace vit {
namespace {

// A quantized matrix with memory of its own.
struct OwnedMatrix {
  std::vector<int8_t> panels;
  std::vector<float> scales, bias;
  std::vector<int32_t> sums;
  QuantizedMatrix matrix;

  OwnedMatrix(int inputs, int outputs)
      : panels(quantized_bytes(inputs, outputs), int8_t{0}),
        scales(quantized_columns(outputs), 0.0f),
        bias(quantized_columns(outputs), 0.0f),
        sums(quantized_columns(outputs), 0),
        matrix{panels.data(), scales.data(), sums.data(), bias.data(), inputs, outputs} {}
};

struct OwnedRows {
  std::vector<uint8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> zeros;
  QuantizedRows rows;

  OwnedRows(int count, int width)
      : values(quantized_row_bytes(width) * count, uint8_t{0}),
        scales(count, 0.0f),
        zeros(count, 0),
        rows{values.data(), scales.data(), zeros.data()} {}
};

// Activations whose codes are known: with 0 and 127 in a row its scale is 1 and its zero point 0.
std::vector<float> whole_activations(int rows, int width, unsigned seed) {
  std::vector<float> x;
  for (float value : random_floats(static_cast<size_t>(rows) * width, seed)) {
    x.push_back(static_cast<float>(static_cast<int>(std::fabs(value) * 5000) % 128));
  }
  for (int row = 0; row < rows; row++) x[static_cast<size_t>(row) * width] = 127;
  return x;
}

std::vector<int8_t> codes(int outputs, int inputs, unsigned seed) {
  auto w = random_floats(static_cast<size_t>(outputs) * inputs, seed);
  std::vector<int8_t> all(w.size());
  for (size_t first = 0; first < w.size(); first += inputs) {
    quantize_weights(all.data() + first, w.data() + first, inputs);
  }
  return all;
}

// Rows that are `x` after the rotation, which is its own inverse; exactly, where `x` is whole.
std::vector<float> before_rotation(std::vector<float> x, int width) {
  for (size_t first = 0; first < x.size(); first += static_cast<size_t>(width))
    rotate(x.data() + first, width);
  return x;
}

struct Sizes {
  int rows, inputs, outputs;
};
const Sizes kSizes[] = {{1, 1, 1},    {1, 7, 3},    {2, 8, 8},    {3, 5, 13},    {4, 16, 12}, {5, 33, 25},
                        {6, 12, 24},  {7, 21, 17},  {9, 64, 40},  {13, 10, 31},  {30, 9, 7},  {197, 48, 60},
                        {61, 99, 97}, {8, 768, 40}, {2, 3072, 9}, {3, 900, 1000}};

class GemmInt8 : public testing::TestWithParam<Sizes> {};
INSTANTIATE_TEST_SUITE_P(Sizes, GemmInt8, testing::ValuesIn(kSizes));

// Runs a test's body once in every tile there is to choose.
template <typename Body>
void in_every_tile(const Body& body) {
  const std::vector<std::string> tiles = gemm_int8_tiles();
  for (size_t i = 0; i < tiles.size(); i++) {
    SCOPED_TRACE("tile " + tiles[i]);
    use_gemm_int8_tile(static_cast<int>(i));
    body();
  }
  use_gemm_int8_tile(0);
}

void sums_exactly_and_stays_in_its_columns(Sizes sizes) {
  const auto [rows, inputs, outputs] = sizes;
  const auto w = codes(outputs, inputs, 1);
  const auto x = whole_activations(rows, inputs, 2);
  OwnedMatrix b(inputs, outputs);
  for (int o = 0; o < outputs; o++) {
    b.scales[o] = 1;
    pack_quantized(b.matrix, o, w.data() + static_cast<size_t>(o) * inputs);
  }
  OwnedRows a(rows, inputs);
  quantize_rows(a.rows, before_rotation(x, inputs).data(), inputs, rows, inputs);
  // A zero point as it would be for other values: its share is taken away again, exactly.
  for (int row = 0; row < rows; row++) a.zeros[row] = row % 128;

  const int stride = outputs + 3;
  std::vector<float> out(static_cast<size_t>(rows) * stride, 12345.0f);
  gemm_int8(out.data(), stride, a.rows, rows, b.matrix);
  for (int row = 0; row < rows; row++) {
    for (int o = 0; o < stride; o++) {
      const float value = out[static_cast<size_t>(row) * stride + o];
      if (o >= outputs) {
        ASSERT_EQ(value, 12345.0f) << "row " << row << " column " << o;
        continue;
      }
      int64_t sum = 0;
      for (int i = 0; i < inputs; i++) {
        const int64_t activation = static_cast<int64_t>(x[static_cast<size_t>(row) * inputs + i]);
        sum += (activation - row % 128) * w[static_cast<size_t>(o) * inputs + i];
      }
      ASSERT_EQ(value, static_cast<float>(sum)) << "row " << row << " column " << o;
    }
  }
}

// Scales of one make the outputs the integers themselves; they are equal in every variant and tile because
// each is equal to this.
TEST_P(GemmInt8, SumsExactlyAndStaysInItsColumns) {
  in_every_tile([] { sums_exactly_and_stays_in_its_columns(GetParam()); });
}

void equals_the_schemes_twin(Sizes sizes) {
  const auto [rows, inputs, outputs] = sizes;
  const auto w = random_floats(static_cast<size_t>(outputs) * inputs, 3);
  const auto x = random_floats(static_cast<size_t>(rows) * inputs, 4);
  const auto bias = random_floats(outputs, 5);
  OwnedMatrix b(inputs, outputs);
  std::vector<int8_t> row_codes(inputs);
  auto rotated_w = w, rotated_x = x;
  for (int o = 0; o < outputs; o++) {
    float* row = rotated_w.data() + static_cast<size_t>(o) * inputs;
    b.scales[o] = quantize_weights(row_codes.data(), row, inputs);
    b.bias[o] = bias[o];
    pack_quantized(b.matrix, o, row_codes.data());
  }
  OwnedRows a(rows, inputs);
  quantize_rows(a.rows, rotated_x.data(), inputs, rows, inputs);

  std::vector<float> replaced(static_cast<size_t>(rows) * outputs), added(replaced.size(), 0.5f),
      activated(replaced.size());
  gemm_int8(replaced.data(), outputs, a.rows, rows, b.matrix);
  gemm_int8(added.data(), outputs, a.rows, rows, b.matrix, Store::accumulate);
  gemm_int8_activated(activated.data(), outputs, a.rows, rows, b.matrix, Activation::relu);
  const auto part = [](const std::vector<float>& all, int index, int count) {
    const auto first = all.begin() + static_cast<ptrdiff_t>(index) * count;
    return to_double({first, first + count});
  };
  for (int row = 0; row < rows; row++) {
    const auto qx = reference::quantize_activations(part(x, row, inputs));
    for (int o = 0; o < outputs; o++) {
      const auto qw = reference::quantize_weights(part(w, o, inputs));
      double sum = 0;
      for (int i = 0; i < inputs; i++) sum += (qx.codes[i] - qx.zero) * qw.codes[i];
      const double expected = sum * qx.scale * qw.scale + bias[o];
      // A code on a tie may fall either way, in float and in double; one or two in a row of thousands.
      const double tolerance = 1e-5 * (1 + std::fabs(expected)) + 2 * 127 * qx.scale * qw.scale;
      const size_t at = static_cast<size_t>(row) * outputs + o;
      ASSERT_NEAR(replaced[at], expected, tolerance) << "row " << row << " column " << o;
      ASSERT_FLOAT_EQ(added[at], replaced[at] + 0.5f);
      ASSERT_EQ(activated[at], std::max(replaced[at], 0.0f));
    }
  }
}

TEST_P(GemmInt8, EqualsTheSchemesTwin) {
  in_every_tile([] { equals_the_schemes_twin(GetParam()); });
}

// The higher and the lower halves of 14 bits, multiplied one after the other.
TEST_P(GemmInt8, OfTwoHalvesIsOffByAFourteenBitStepAtMost) {
  const auto [rows, inputs, outputs] = GetParam();
  const auto w = codes(outputs, inputs, 6);
  auto x = random_floats(static_cast<size_t>(rows) * inputs, 7);
  std::vector<reference::Matrix> rotated;
  for (int row = 0; row < rows; row++) {
    const auto first = x.begin() + static_cast<ptrdiff_t>(row) * inputs;
    rotated.push_back(reference::rotate(to_double({first, first + inputs})));
  }
  OwnedMatrix b(inputs, outputs);
  for (int o = 0; o < outputs; o++) {
    b.scales[o] = 0.01f;
    pack_quantized(b.matrix, o, w.data() + static_cast<size_t>(o) * inputs);
  }
  OwnedRows high(rows, inputs), low(rows, inputs);
  quantize_rows(QuantizedHalves{high.rows, low.rows}, x.data(), inputs, rows, inputs);
  std::vector<float> out(static_cast<size_t>(rows) * outputs);
  gemm_int8(out.data(), outputs, high.rows, rows, b.matrix);
  gemm_int8(out.data(), outputs, low.rows, rows, b.matrix, Store::accumulate);
  for (int row = 0; row < rows; row++) {
    const auto [least, most] = std::minmax_element(rotated[row].begin(), rotated[row].end());
    const double step = (std::max(*most, 0.0) - std::min(*least, 0.0)) / 16383;
    ASSERT_NEAR(low.scales[row], step, 1e-6 * step);
    ASSERT_EQ(high.scales[row], 128 * low.scales[row]);
    for (int half : {high.zeros[row], low.zeros[row]}) ASSERT_TRUE(half >= 0 && half <= 127);
    for (int o = 0; o < outputs; o++) {
      double expected = 0, magnitudes = 0;
      for (int i = 0; i < inputs; i++) {
        const double weight = 0.01 * w[static_cast<size_t>(o) * inputs + i];
        expected += rotated[row][i] * weight;
        magnitudes += std::fabs(weight);
      }
      // Half a step of rounding, and as much at the ends, where the zero point was rounded.
      const double tolerance = magnitudes * step + 1e-5 * (1 + std::fabs(expected));
      ASSERT_NEAR(out[static_cast<size_t>(row) * outputs + o], expected, tolerance) << row << " " << o;
    }
  }
}

TEST(GemmInt8Tiles, AreThoseOfTheVariantAndCanBeTried) {
  std::vector<std::string> tiles = gemm_int8_tiles();
  for (size_t i = 0; i < tiles.size(); i++) try_gemm_int8_tile(static_cast<int>(i), 2);
  std::sort(tiles.begin(), tiles.end());  // which comes first is for the host to say
#if defined(__wasm_relaxed_simd__)
  EXPECT_EQ(tiles.front(), "3x8");
  EXPECT_EQ(tiles.back(), simd::usable_dots().count == 2 ? "6x8" : "3x8");  // an engine may get one wrong
#elif defined(__wasm_simd128__)
  EXPECT_EQ(tiles, std::vector<std::string>{"3x12"});
#else
  EXPECT_EQ(tiles, std::vector<std::string>{"4x8"});
#endif
}

// The largest sums there can be, positive and negative: no step on the way may overflow or saturate.
TEST(GemmInt8Extremes, AreExact) {
  constexpr int kInputs = 1024;
  const std::vector<std::vector<int>> eights = {
      {127, 127, 127, 127, 2, 2, 2, 2},         {-127, -127, 2, 2, -2, -2, 127, 127},
      {1, -127, 127, -1, 127, -127, 127, -127}, {64, 64, 64, 64, 65, 65, 65, 65},
      {-65, -65, -65, -65, -64, -64, -64, -64}, {-128, 127, 127, -128, -127, 127, 127, -127}};
  for (const std::vector<int>& eight : eights) {
    std::vector<int8_t> w;
    for (int i = 0; i < kInputs; i++) w.push_back(static_cast<int8_t>(eight[i % 8]));
    ASSERT_TRUE(fit_the_product(w.data(), kInputs));
    OwnedMatrix b(kInputs, 1);
    b.scales[0] = 1;
    pack_quantized(b.matrix, 0, w.data());
    // All inputs at their most, and only those that meet weights of one sign.
    for (int sign : {0, 1, -1}) {
      std::vector<float> x;
      int64_t sum = 0;
      for (int i = 0; i < kInputs; i++) {
        x.push_back(sign == 0 || sign * w[i] > 0 ? 127.0f : 0.0f);
        sum += static_cast<int64_t>(x.back()) * w[i];
      }
      x[0] = 127;  // so that a step is one
      sum += sign * w[0] < 0 ? 127 * w[0] : 0;
      OwnedRows a(1, kInputs);
      quantize_rows(a.rows, before_rotation(x, kInputs).data(), kInputs, 1, kInputs);
      in_every_tile([&] {
        float out;
        gemm_int8(&out, 1, a.rows, 1, b.matrix);
        EXPECT_EQ(out, static_cast<float>(sum)) << eight[0] << ", sign " << sign;
      });
    }
  }
}

TEST(FitTheProduct, KnowsWhichWeightsShareASum) {
  for (const auto& [eight, fit] : {std::pair<std::vector<int8_t>, bool>{{127, 127, 0, 0, 4, 0, 0, 0}, true},
                                   {{127, 127, 0, 0, 4, 1, 0, 0}, false},
                                   {{0, 0, -127, -127, 0, 0, -4, -1}, false},
                                   {{0, 0, -127, -127, -9, -9, -4, 0}, true},
                                   {{127, -127, 127, -127, 127, -127, 127, -127}, true}}) {
    std::vector<int8_t> row(8, 0);
    row.insert(row.end(), eight.begin(), eight.end());
    EXPECT_EQ(fit_the_product(row.data(), 16), fit);
    row.insert(row.end(), {127, 127, 127});  // alone in their sums
    EXPECT_EQ(fit_the_product(row.data(), 19), fit);
  }
}

class Rotate : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Widths, Rotate, testing::Values(1, 15, 16, 17, 48, 63, 64, 65, 80, 192, 1000));

TEST_P(Rotate, EqualsItsTwinAndStaysInTheRow) {
  const int width = GetParam();
  auto row = random_floats(static_cast<size_t>(width), 6);
  const auto expected = reference::rotate(to_double(row));
  row.push_back(7.0f);
  rotate(row.data(), width);
  for (int i = 0; i < width; i++) ASSERT_NEAR(row[i], expected[i], 1e-6) << i;
  ASSERT_EQ(row.back(), 7.0f);
}

TEST_P(Rotate, IsItsOwnInverseAndPreservesProducts) {
  const int width = GetParam();
  const auto x = random_floats(static_cast<size_t>(width), 7),
             y = random_floats(static_cast<size_t>(width), 8);
  auto rotated_x = x, rotated_y = y;
  rotate(rotated_x.data(), width);
  rotate(rotated_y.data(), width);
  double product = 0, rotated_product = 0;
  for (int i = 0; i < width; i++) {
    product += static_cast<double>(x[i]) * y[i];
    rotated_product += static_cast<double>(rotated_x[i]) * rotated_y[i];
  }
  EXPECT_NEAR(rotated_product, product, 1e-6 * width);
  rotate(rotated_x.data(), width);
  for (int i = 0; i < width; i++) ASSERT_NEAR(rotated_x[i], x[i], 1e-6) << i;
}

TEST(RotateOutlier, IsSpreadOver16Values) {
  std::vector<float> row(192, 0.0f);
  row[70] = 8;
  rotate(row.data(), 192);
  for (int i = 0; i < 192; i++) {
    ASSERT_EQ(std::fabs(row[i]), i >= 64 && i < 128 && i % 4 == 70 % 4 ? 2.0f : 0.0f) << i;
  }
}

TEST(QuantizeWeights, EqualsItsTwin) {
  int shared = 0;
  for (int count : {1, 3, 4, 7, 17, 24, 192, 1000}) {
    for (unsigned seed = 0; seed < 40; seed++) {
      auto w = random_floats(count, seed);
      const auto expected = reference::quantize_weights(to_double(w));
      std::vector<int8_t> quantized(count);
      const float scale = quantize_weights(quantized.data(), w.data(), count);  // and rotates `w`
      EXPECT_NEAR(scale, expected.scale, 1e-6 * expected.scale);
      for (int i = 0; i < count; i++) {
        ASSERT_NEAR(quantized[i], w[i] / expected.scale, 0.5 + 1e-4) << i;
        ASSERT_LE(std::abs(quantized[i]), 127);
      }
      ASSERT_TRUE(fit_the_product(quantized.data(), count));
      shared += *std::max_element(quantized.begin(), quantized.end()) < 127 &&
                *std::min_element(quantized.begin(), quantized.end()) > -127;
    }
  }
  EXPECT_GT(shared, 10);  // rows whose scale is that of four weights
}

TEST(QuantizeRows, KeepsZeroAndBothEnds) {
  // One input per row and the identity as weights show each code as it is.
  for (auto [low, high] :
       {std::pair{-1.0f, 3.0f}, {0.0f, 5.0f}, {-2.0f, 0.0f}, {-0.17f, 9.3f}, {1.0f, 2.0f}}) {
    std::vector<float> x = {low, high, 0.0f, (low + high) / 2, high, low};
    OwnedRows a(1, 6);
    quantize_rows(a.rows, x.data(), 6, 1, 6);
    const float extent = std::max(high, 0.0f) - std::min(low, 0.0f);
    for (int i = 0; i < 6; i++) {
      OwnedMatrix b(6, 1);
      std::vector<int8_t> unit(6, 0);
      unit[i] = 1;
      b.scales[0] = 1;
      pack_quantized(b.matrix, 0, unit.data());
      float out;
      gemm_int8(&out, 1, a.rows, 1, b.matrix);
      // Half a step, and as much again at the ends where the zero point was rounded.
      ASSERT_NEAR(out, x[i], 1.001 * extent / 127) << "of " << low << " to " << high << " at " << i;
      if (x[i] == 0) {
        ASSERT_EQ(out, 0.0f);
      }
    }
  }
}

TEST(Quantize, SaysWhenAValueIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> row = {1, bad, 2, 3, 4};
    std::vector<int8_t> quantized(5);
    EXPECT_TRUE(std::isnan(quantize_weights(quantized.data(), row.data(), 5)));
  }
  for (float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (int width : {5, 16, 64}) {
      std::vector<float> row(static_cast<size_t>(width), 1.0f);
      row[1] = bad;
      OwnedRows a(1, width);
      OwnedRows high(1, width), low(1, width);
      auto copy = row;
      quantize_rows(a.rows, row.data(), width, 1, width);
      quantize_rows(QuantizedHalves{high.rows, low.rows}, copy.data(), width, 1, width);
      for (float scale : {a.scales[0], high.scales[0], low.scales[0]}) EXPECT_TRUE(std::isnan(scale)) << bad;
    }
  }
}

TEST(Quantize, TakesRowsOfZeros) {
  std::vector<float> row(9, 0.0f);
  std::vector<int8_t> quantized(9, int8_t{1});
  EXPECT_EQ(quantize_weights(quantized.data(), row.data(), 9), 0.0f);
  EXPECT_EQ(quantized, std::vector<int8_t>(9, int8_t{0}));
  OwnedRows a(1, 9);
  quantize_rows(a.rows, row.data(), 9, 1, 9);
  EXPECT_EQ(a.scales[0], 0.0f);
  EXPECT_EQ(a.zeros[0], 0);
  OwnedRows high(1, 9), low(1, 9);
  quantize_rows(QuantizedHalves{high.rows, low.rows}, row.data(), 9, 1, 9);
  EXPECT_EQ(high.scales[0], 0.0f);
  EXPECT_EQ(low.scales[0], 0.0f);
}

}  // namespace
}  // namespace vit
