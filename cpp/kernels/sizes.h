// Sizes: counts of pieces, sizes rounded up, and products that may exceed an int.
#pragma once

#include <cstddef>

namespace vit {

/// Pieces of `size` that it takes to hold `count`.
constexpr int ceil_div(int count, int size) { return (count + size - 1) / size; }

/// `count` rounded up to a multiple of `size`.
constexpr int round_up(int count, int size) { return ceil_div(count, size) * size; }

/// Elements of `rows` rows of `columns`; also where row `rows` begins.
constexpr size_t area(int rows, int columns) {
  return static_cast<size_t>(rows) * static_cast<size_t>(columns);
}

}  // namespace vit
