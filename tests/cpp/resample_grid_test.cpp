// Against its twin, and against a few values of PyTorch's that were worked out by hand. Whole models at other
// sizes are compared with PyTorch in tests/families.
#include <gtest/gtest.h>

#include "../../cpp/kernels/reference.h"
#include "random.h"

namespace vit {
namespace {

struct Sizes {
  int rows, columns, out_rows, out_columns, channels;
};

// Growing, shrinking, both at once, one patch, odd numbers of channels, the grid DINOv2 comes with.
const Sizes kSizes[] = {{4, 4, 6, 6, 5}, {4, 4, 3, 7, 8},      {7, 5, 5, 7, 3},
                        {1, 1, 3, 2, 4}, {3, 2, 1, 1, 9},      {14, 14, 1, 30, 2},
                        {5, 5, 4, 5, 1}, {37, 37, 16, 16, 12}, {24, 3, 7, 3, 6}};

const Resampling kResamplings[] = {Resampling::bicubic, Resampling::bicubic_antialiased,
                                   Resampling::bicubic_aligned, Resampling::bilinear,
                                   Resampling::bilinear_aligned};

class ResampleGrid : public testing::TestWithParam<Sizes> {};
INSTANTIATE_TEST_SUITE_P(Sizes, ResampleGrid, testing::ValuesIn(kSizes));

TEST_P(ResampleGrid, EqualsItsTwin) {
  const Sizes& s = GetParam();
  const auto grid = random_floats(static_cast<size_t>(s.rows) * s.columns * s.channels, 1);
  for (Resampling resampling : kResamplings) {
    std::vector<float> out(static_cast<size_t>(s.out_rows) * s.out_columns * s.channels + 1, 7.0f);
    resample_grid(out.data(), s.out_rows, s.out_columns, grid.data(), s.rows, s.columns, s.channels,
                  resampling);
    const auto expected = reference::resample_grid(to_double(grid), s.rows, s.columns, s.channels, s.out_rows,
                                                   s.out_columns, resampling);
    for (size_t i = 0; i < expected.size(); i++) ASSERT_NEAR(out[i], expected[i], 1e-6) << i;
    ASSERT_EQ(out.back(), 7.0f);
  }
}

TEST(ResampleGrid, LeavesAGridOfTheSameSizeAlone) {
  const auto grid = random_floats(5 * 4 * 3, 2);
  for (Resampling resampling : kResamplings) {
    std::vector<float> out(grid.size());
    resample_grid(out.data(), 5, 4, grid.data(), 5, 4, 3, resampling);
    EXPECT_EQ(out, grid);
  }
}

TEST(ResampleGrid, GrowsAsTheFormulaSays) {
  // Two pixels become four: the first output stands at −1/4, so its taps are −2 … 1 at distances 7/4, 3/4,
  // 1/4, 5/4, and those beyond the edge are the edge.
  const float grid[2] = {1, 3};
  float out[4];
  resample_grid(out, 1, 4, grid, 1, 2, 1, Resampling::bicubic);
  const double right = -0.10546875;  // of Keys's function with a = −3/4 at 5/4: what pixel 1 counts
  EXPECT_NEAR(out[0], 1 * (1 - right) + 3 * right, 1e-6);
  EXPECT_NEAR(out[3], 3 * (1 - right) + 1 * right, 1e-6);
}

TEST(ResampleGrid, KeepsCornersWhereTheyAreAligned) {
  const float grid[3] = {1, 3, 7};
  float out[5];
  resample_grid(out, 1, 5, grid, 1, 3, 1, Resampling::bilinear_aligned);
  EXPECT_EQ(std::vector<float>(out, out + 5), (std::vector<float>{1, 2, 3, 5, 7}));
  resample_grid(out, 1, 5, grid, 1, 3, 1, Resampling::bicubic_aligned);
  EXPECT_NEAR(out[0], 1, 1e-6);
  EXPECT_NEAR(out[2], 3, 1e-6);
  EXPECT_NEAR(out[4], 7, 1e-6);
}

}  // namespace
}  // namespace vit
