// Counts of pieces, and sizes made whole.
#pragma once

namespace vit {

/// Pieces of `size` that it takes to hold `count`.
constexpr int ceil_div(int count, int size) { return (count + size - 1) / size; }

/// `count` rounded up to a multiple of `size`.
constexpr int round_up(int count, int size) { return ceil_div(count, size) * size; }

}  // namespace vit
