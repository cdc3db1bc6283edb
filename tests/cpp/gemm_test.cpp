#include <gtest/gtest.h>

#include <cmath>

#include "../../cpp/kernels/reference.h"
#include "../../cpp/kernels/simd.h"
#include "random.h"

namespace vit {
namespace {

constexpr float kGuard = 12345.0f;  // written around every output: a kernel must not touch it

struct Sizes {
  int rows, inputs, outputs;
};

// Tails of every tile, panels cut short, one of everything, more panels than a block holds.
const Sizes kSizes[] = {{1, 1, 1},     {1, 7, 3},    {2, 8, 8},     {3, 5, 9},      {4, 16, 16},
                        {5, 33, 15},   {6, 12, 24},  {7, 20, 17},   {11, 64, 40},   {13, 10, 31},
                        {30, 9, 8},    {31, 192, 7}, {197, 48, 60}, {61, 300, 211}, {9, 2100, 37},
                        {2, 9000, 23}, {5, 4, 1000}, {1, 100, 60}};

struct Problem {
  Sizes s;
  std::vector<float> a, w, bias, panels, packed_bias;
  PackedMatrix packed;

  explicit Problem(Sizes sizes)
      : s(sizes),
        a(random_floats(static_cast<size_t>(s.rows) * (s.inputs + 3), 1)),
        w(random_floats(static_cast<size_t>(s.outputs) * s.inputs, 2)),
        bias(random_floats(s.outputs, 3)),
        panels(static_cast<size_t>(packed_columns(s.outputs)) * s.inputs, 0.0f),
        packed_bias(packed_columns(s.outputs), 0.0f),
        packed{panels.data(), packed_bias.data(), s.inputs, s.outputs} {
    pack_outputs(packed, 0, w.data(), s.inputs, s.outputs);
    std::copy(bias.begin(), bias.end(), packed_bias.begin());
  }

  int a_stride() const { return s.inputs + 3; }
  int out_stride() const { return s.outputs + 5; }

  std::vector<double> expected() const {
    std::vector<double> dense;
    for (int row = 0; row < s.rows; row++) {
      for (int i = 0; i < s.inputs; i++) dense.push_back(a[static_cast<size_t>(row) * a_stride() + i]);
    }
    return reference::linear(dense, to_double(w), to_double(bias), s.rows, s.inputs, s.outputs);
  }

  // Products of unit normals: the rounding error of the sum grows with its length.
  double tolerance() const { return 4e-7 * (s.inputs + 8); }
};

class Gemm : public testing::TestWithParam<Sizes> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Gemm, testing::ValuesIn(kSizes));

// Runs a test's body once in every tile there is to choose.
template <typename Body>
void in_every_tile(const Body& body) {
  const std::vector<std::string> tiles = gemm_tiles();
  for (size_t i = 0; i < tiles.size(); i++) {
    SCOPED_TRACE("tile " + tiles[i]);
    use_gemm_tile(static_cast<int>(i));
    body();
  }
  use_gemm_tile(0);
}

void equals_its_twin(Sizes sizes, Rounding rounding) {
  const Problem p(sizes);
  std::vector<float> out(static_cast<size_t>(p.s.rows) * p.out_stride(), kGuard);
  gemm(out.data(), p.out_stride(), p.a.data(), p.a_stride(), p.s.rows, p.packed, Store::replace, rounding);
  const auto expected = p.expected();
  for (int row = 0; row < p.s.rows; row++) {
    for (int column = 0; column < p.out_stride(); column++) {
      const float value = out[static_cast<size_t>(row) * p.out_stride() + column];
      if (column < p.s.outputs) {
        ASSERT_NEAR(value, expected[static_cast<size_t>(row) * p.s.outputs + column], p.tolerance())
            << "row " << row << " column " << column;
      } else {
        ASSERT_EQ(value, kGuard) << "row " << row << " column " << column;
      }
    }
  }
}

TEST_P(Gemm, EqualsItsTwinAndStaysInItsColumns) {
  in_every_tile([] {
    equals_its_twin(GetParam(), Rounding::fastest);
    equals_its_twin(GetParam(), Rounding::portable);
  });
}

std::vector<float> product(const Problem& p, Store store, Rounding rounding) {
  std::vector<float> out(static_cast<size_t>(p.s.rows) * p.out_stride(), 0.5f);
  gemm(out.data(), p.out_stride(), p.a.data(), p.a_stride(), p.s.rows, p.packed, store, rounding);
  return out;
}

// A choice of tiles may depend on a clock, because it never shows.
TEST_P(Gemm, GivesTheSameBitsInEveryTile) {
  const Problem p(GetParam());
  for (const Store store : {Store::replace, Store::accumulate}) {
    for (const Rounding rounding : {Rounding::fastest, Rounding::portable}) {
      const auto expected = product(p, store, rounding);
      in_every_tile([&] { EXPECT_EQ(product(p, store, rounding), expected); });
    }
  }
}

TEST(GemmTiles, BeginWithOneForV8sRegistersAndCanBeTried) {
  const std::vector<std::string> tiles = gemm_tiles();
  ASSERT_EQ(tiles.size(), 3u);
  EXPECT_EQ(tiles[0] + " " + tiles[1] + " " + tiles[2],
            simd::kTileRows == 6 ? "6x8 4x16 6x16" : "5x8 4x16 5x16");
  for (int i = 0; i < 3; i++) try_gemm_tile(i, 2);
}

TEST_P(Gemm, AddsToWhatIsThere) {
  const Problem p(GetParam());
  std::vector<float> out(static_cast<size_t>(p.s.rows) * p.out_stride(), 0.5f);
  gemm(out.data(), p.out_stride(), p.a.data(), p.a_stride(), p.s.rows, p.packed, Store::accumulate);
  const auto expected = p.expected();
  for (int row = 0; row < p.s.rows; row++) {
    for (int column = 0; column < p.s.outputs; column++) {
      ASSERT_NEAR(out[static_cast<size_t>(row) * p.out_stride() + column],
                  expected[static_cast<size_t>(row) * p.s.outputs + column] + 0.5, p.tolerance());
    }
  }
}

TEST_P(Gemm, ActivatesEveryOutputOnce) {
  const Problem p(GetParam());
  std::vector<float> out(static_cast<size_t>(p.s.rows) * p.out_stride(), kGuard);
  gemm_activated(out.data(), p.out_stride(), p.a.data(), p.a_stride(), p.s.rows, p.packed, Activation::gelu);
  const auto expected = p.expected();
  for (int row = 0; row < p.s.rows; row++) {
    for (int column = 0; column < p.s.outputs; column++) {
      const double value = expected[static_cast<size_t>(row) * p.s.outputs + column];
      ASSERT_NEAR(out[static_cast<size_t>(row) * p.out_stride() + column],
                  reference::activate(value, Activation::gelu), 2 * p.tolerance() + 1e-6 * std::fabs(value));
    }
  }
}

TEST_P(Gemm, PacksInputsAsItPacksOutputs) {
  const Problem p(GetParam());
  std::vector<float> transposed(p.w.size());
  for (int output = 0; output < p.s.outputs; output++) {
    for (int input = 0; input < p.s.inputs; input++) {
      transposed[static_cast<size_t>(input) * p.s.outputs + output] =
          p.w[static_cast<size_t>(output) * p.s.inputs + input];
    }
  }
  std::vector<float> panels(p.panels.size(), kGuard);
  pack_inputs({panels.data(), nullptr, p.s.inputs, p.s.outputs}, 0, transposed.data(), p.s.outputs,
              p.s.inputs);
  EXPECT_EQ(panels, p.panels);
}

// One attention head as attention.cpp composes it from kernels.
TEST(Gemm, ComposesToAttention) {
  constexpr int kTokens = 37, kSize = 10, kStride = 3 * kSize;
  const auto qkv = random_floats(static_cast<size_t>(kTokens) * kStride, 7);
  const auto part = [&](int index) {
    reference::Matrix m;
    for (int t = 0; t < kTokens; t++) {
      for (int i = 0; i < kSize; i++) m.push_back(qkv[t * kStride + index * kSize + i]);
    }
    return m;
  };
  const auto expected = reference::attention(part(0), part(1), part(2), kTokens, kSize);

  std::vector<float> keys(packed_columns(kTokens) * kSize), values(packed_columns(kSize) * kTokens);
  std::vector<float> zeros(packed_columns(kTokens)), scores(kTokens * kTokens), out(kTokens * kSize);
  const PackedMatrix k{keys.data(), zeros.data(), kSize, kTokens},
      v{values.data(), zeros.data(), kTokens, kSize};
  pack_outputs(k, 0, qkv.data() + kSize, kStride, kTokens);
  pack_inputs(v, 0, qkv.data() + 2 * kSize, kStride, kTokens);
  gemm(scores.data(), kTokens, qkv.data(), kStride, kTokens, k);
  for (float& score : scores) score /= std::sqrt(static_cast<float>(kSize));
  for (int t = 0; t < kTokens; t++) softmax(scores.data() + t * kTokens, kTokens, Rounding::fastest);
  gemm(out.data(), kSize, scores.data(), kTokens, kTokens, v);
  for (size_t i = 0; i < out.size(); i++) ASSERT_NEAR(out[i], expected[i], 2e-6) << i;
}

}  // namespace
}  // namespace vit
