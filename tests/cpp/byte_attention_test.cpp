// Attention's operands as bytes: what each code stands for, and what attention computed with them is off by.
#include "../../cpp/kernels/byte_attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../cpp/kernels/reference.h"
#include "../../cpp/kernels/simd.h"
#include "random.h"

namespace vit {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// A quantized matrix with memory of its own, in which something has been before.
struct OwnedMatrix {
  std::vector<int8_t> panels;
  std::vector<float> scales, bias;
  std::vector<int32_t> sums;
  QuantizedMatrix matrix;

  OwnedMatrix(int inputs, int outputs)
      : panels(quantized_bytes(inputs, outputs), int8_t{99}),
        scales(quantized_columns(outputs), 0.0f),
        bias(quantized_columns(outputs), 0.0f),
        sums(quantized_columns(outputs), 0),
        matrix{panels.data(), scales.data(), sums.data(), bias.data(), inputs, outputs} {}

  // The codes of one output, with those that pad it.
  std::vector<int8_t> codes_of(int output) const {
    using namespace simd;
    std::vector<int8_t> codes;
    const size_t first =
        static_cast<size_t>(output / kDotColumns) * quantized_bytes(matrix.inputs, kDotColumns);
    for (int i = 0; i < round_up(matrix.inputs, kDotInputs); i++) {
      codes.push_back(panels[first + static_cast<size_t>(i / kDotLane * kDotColumns * kDotLane +
                                                         output % kDotColumns * kDotLane + i % kDotLane)]);
    }
    return codes;
  }
};

struct OwnedRows {
  std::vector<uint8_t> values[2];
  std::vector<float> scales[2];
  std::vector<int32_t> zeros[2];
  QuantizedHalves bytes;
  int width;

  OwnedRows(int count, int columns) : width(columns) {
    for (int half : {0, 1}) {
      values[half].assign(quantized_row_bytes(columns) * static_cast<size_t>(count), uint8_t{99});
      scales[half].assign(count, 0.0f);
      zeros[half].assign(count, 99);
    }
    bytes = {{values[0].data(), scales[0].data(), zeros[0].data()},
             {values[1].data(), scales[1].data(), zeros[1].data()}};
  }

  int code(int half, int row, int i) const {
    const uint8_t* from = values[half].data() + static_cast<size_t>(row) * quantized_row_bytes(width);
    return reinterpret_cast<const simd::dot_input*>(from)[i];
  }
  double weight(int row, int i) const {
    return static_cast<double>(scales[0][row]) * code(0, row, i) +
           static_cast<double>(scales[1][row]) * code(1, row, i);
  }
};

struct Sizes {
  int tokens, size;
};
const Sizes kSizes[] = {{1, 1}, {2, 3}, {5, 8}, {16, 16}, {17, 20}, {31, 64}, {197, 64}, {50, 80}, {9, 66}};

class ByteAttention : public testing::TestWithParam<Sizes> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ByteAttention, testing::ValuesIn(kSizes));

TEST_P(ByteAttention, KeysAreRotatedAndWithinHalfACode) {
  const auto [tokens, size] = GetParam();
  const int stride = size + 3;
  auto keys = random_floats(static_cast<size_t>(tokens) * stride, 1);
  std::vector<reference::Matrix> rotated;
  for (int token = 0; token < tokens; token++) {
    const auto first = keys.begin() + static_cast<ptrdiff_t>(token) * stride;
    rotated.push_back(reference::rotate(to_double({first, first + size})));
  }
  OwnedMatrix b(size, tokens);
  pack_keys(b.matrix, keys.data(), stride);
  for (int token = 0; token < tokens; token++) {
    const auto codes = b.codes_of(token);
    EXPECT_TRUE(fit_the_product(codes.data(), size));
    int sum = 0, largest = 0;
    for (int i = 0; i < static_cast<int>(codes.size()); i++) {
      sum += codes[i];
      largest = std::max(largest, std::abs(codes[i]));
      if (i >= size) {
        ASSERT_EQ(codes[i], 0);
        continue;
      }
      const double scale = b.scales[token];
      ASSERT_NEAR(codes[i] * scale, rotated[token][i], 0.5001 * scale) << token << " " << i;
    }
    EXPECT_EQ(b.sums[token], sum);
    EXPECT_GE(largest, 63);  // two values that share a sum may be equal, but no more do
    EXPECT_LE(largest, 127);
  }
}

TEST_P(ByteAttention, ValuesAreWithinHalfACode) {
  const auto [tokens, size] = GetParam();
  const int stride = size + 3;
  const auto values = random_floats(static_cast<size_t>(tokens) * stride, 2);
  OwnedMatrix b(tokens, size);
  pack_values(b.matrix, values.data(), stride);
  for (int channel = 0; channel < size; channel++) {
    const auto codes = b.codes_of(channel);
    for (int i = 0; i < static_cast<int>(codes.size()); i++) {
      ASSERT_LE(std::abs(codes[i]), 64);
      if (i >= tokens) {
        ASSERT_EQ(codes[i], 0);
        continue;
      }
      const double value = values[static_cast<size_t>(i) * stride + channel], scale = b.scales[channel];
      ASSERT_NEAR(b.bias[channel] + codes[i] * scale, value, 0.501 * scale + 1e-7) << channel << " " << i;
    }
  }
}

TEST_P(ByteAttention, WeightsAreThoseOfSoftmax) {
  const auto [tokens, size] = GetParam();
  for (const float spread : {0.1f, 3.0f, 40.0f}) {
    auto scores = random_floats(static_cast<size_t>(tokens), 3);
    for (float& score : scores) score *= spread;
    for (const int visible : {tokens, (tokens + 1) / 2}) {
      OwnedRows rows(2, tokens);
      softmax_bytes(rows.bytes, 1, scores.data(), visible, tokens);
      const auto expected = reference::softmax(to_double({scores.begin(), scores.begin() + visible}));
      const double peak = *std::max_element(expected.begin(), expected.end());
      double total = 0;
      for (int i = 0; i < tokens; i++) {
        total += rows.weight(1, i);
        ASSERT_LE(std::max(rows.code(0, 1, i), rows.code(1, 1, i)), 127);
        // Half a code, half a code of each of the others in their sum, and a rounding that is as large as
        // that of the largest scores.
        const double tolerance = peak / 16256 * (0.6 + 0.6 * (i < visible ? expected[i] : 0) * visible) +
                                 (i < visible ? expected[i] : 0) * 2e-6 * (1 + 2 * spread);
        ASSERT_NEAR(rows.weight(1, i), i < visible ? expected[i] : 0, tolerance) << i << " of " << visible;
      }
      EXPECT_NEAR(total, 1, 1e-6);
      EXPECT_EQ(rows.zeros[0][1], 0);
      EXPECT_EQ(rows.zeros[1][1], 0);
      EXPECT_EQ(rows.code(0, 0, tokens - 1), simd::dot_input(sizeof(simd::dot_input) == 1 ? 99 : 99 * 257));
    }
  }
}

// Scores as models have them, of a few units. A step of queries and keys is about a fortieth of their spread,
// so that scores are off by a hundredth of theirs, and weights by a few hundredths, of which sums have less.
TEST_P(ByteAttention, IsNearItsTwinInEveryTile) {
  const auto [tokens, size] = GetParam();
  const size_t count = static_cast<size_t>(tokens) * size;
  auto q = random_floats(count, 4), k = random_floats(count, 5);
  const auto v = random_floats(count, 6);
  for (float& value : q) value *= 3;
  const auto expected = reference::attention(to_double(q), to_double(k), to_double(v), tokens, size);
  for (float& value : q) value /= std::sqrt(static_cast<float>(size));
  const auto q_before = q, k_before = k;
  std::vector<float> first;
  for (size_t tile = 0; tile < gemm_int8_tiles().size(); tile++) {
    use_gemm_int8_tile(static_cast<int>(tile));
    q = q_before;
    k = k_before;
    OwnedMatrix keys(size, tokens), values(tokens, size);
    OwnedRows rows(tokens, std::max(tokens, size));
    OwnedRows weights(tokens, tokens);
    std::vector<float> scores(static_cast<size_t>(tokens) * tokens), out(count);
    pack_keys(keys.matrix, k.data(), size);
    pack_values(values.matrix, v.data(), size);
    quantize_rows(rows.bytes.high, q.data(), size, tokens, size);
    gemm_int8(scores.data(), tokens, rows.bytes.high, tokens, keys.matrix);
    for (int row = 0; row < tokens; row++) {
      softmax_bytes(weights.bytes, row, &scores[static_cast<size_t>(row) * tokens], tokens, tokens);
    }
    gemm_int8(out.data(), size, weights.bytes.high, tokens, values.matrix);
    std::fill(values.bias.begin(), values.bias.end(), 0.0f);
    gemm_int8(out.data(), size, weights.bytes.low, tokens, values.matrix, Store::accumulate);
    if (first.empty()) first = out;
    ASSERT_EQ(out, first);
    double error = 0, total = 0;
    for (size_t i = 0; i < count; i++) {
      error += (out[i] - expected[i]) * (out[i] - expected[i]);
      total += expected[i] * expected[i];
    }
    // Of one token the value's middle is the value.
    EXPECT_LE(std::sqrt(error / total), tokens == 1 ? 1e-6 : 0.035);
  }
  use_gemm_int8_tile(0);
}

TEST(PackKeys, TakesZerosAndShowsWhatIsNotFinite) {
  for (float bad : {0.0f, kInfinity, -kInfinity, kNan, -kNan}) {
    std::vector<float> key = {0, 0, bad, 0, 0};
    OwnedMatrix b(5, 1);
    pack_keys(b.matrix, key.data(), 5);
    if (bad == 0) {
      EXPECT_EQ(b.scales[0], 0.0f);
      EXPECT_EQ(b.sums[0], 0);
    } else {
      EXPECT_TRUE(std::isnan(b.scales[0])) << bad;
    }
  }
}

TEST(PackValues, TakesWhatIsTheSameForAllTokensAndShowsWhatIsNotFinite) {
  for (float third : {2.0f, kInfinity, -kInfinity, kNan, -kNan}) {
    const std::vector<float> values = {2, 2, third, 2, 2};
    OwnedMatrix b(5, 1);
    pack_values(b.matrix, values.data(), 1);
    if (third == 2) {
      EXPECT_EQ(b.scales[0], 0.0f);
      EXPECT_EQ(b.bias[0], 2.0f);
    } else {
      EXPECT_TRUE(std::isnan(b.scales[0])) << third;
    }
  }
}

TEST(SoftmaxBytesOf, RowsWithoutASoftmaxAreNan) {
  for (const int count : {5, 40}) {
    for (float bad : {kInfinity, kNan, -kNan}) {
      std::vector<float> scores(static_cast<size_t>(count), 1.0f);
      scores[2] = bad;
      OwnedRows rows(1, count);
      softmax_bytes(rows.bytes, 0, scores.data(), count, count);
      EXPECT_TRUE(std::isnan(rows.scales[0][0])) << bad;
      EXPECT_TRUE(std::isnan(rows.scales[1][0])) << bad;
    }
    const std::vector<float> none(static_cast<size_t>(count), -kInfinity);
    OwnedRows rows(1, count);
    softmax_bytes(rows.bytes, 0, none.data(), count, count);
    EXPECT_TRUE(std::isnan(rows.scales[0][0]));
  }
}

TEST(SoftmaxBytesOf, TakesScoresOfMinusInfinity) {
  const std::vector<float> scores = {0, -kInfinity, 0, -kInfinity};
  OwnedRows rows(1, 4);
  softmax_bytes(rows.bytes, 0, scores.data(), 4, 4);
  for (int i = 0; i < 4; i++) EXPECT_NEAR(rows.weight(0, i), i % 2 ? 0 : 0.5, 1e-6);
}

}  // namespace
}  // namespace vit
