#include "rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "elementary.h"
#include "threads.h"

namespace vit {
namespace {

double coordinate(const Rotary& rotary, int index, int count, int reference) {
  if (rotary.coordinates == RotaryCoordinates::centered) {
    return 2 * std::numbers::pi * (2 * (index + 0.5) / count - 1);
  }
  const double scale = reference > 0 ? static_cast<double>(reference) / count : 1;
  return (index + static_cast<double>(rotary.offset)) * scale;
}

}  // namespace

RotaryTable lay_out_rotary(Arena& arena, const Config& c) {
  if (!has_rotary(c)) return {};
  const size_t angles = area(patch_count(c), head_size(c) / 2);
  float* cos = arena.take<float>(angles);
  return {cos, arena.take<float>(angles)};
}

void fill_rotary(RotaryTable table, const Config& c) {
  if (!has_rotary(c)) return;
  const Rotary& rotary = c.rotary;
  const int frequencies = head_size(c) / 4;
  const double ratio = exponential(-logarithm(rotary.theta) / frequencies);
  float *cos = table.cos, *sin = table.sin;
  for (int patch = 0; patch < patch_count(c); patch++) {
    const int row = patch / grid_columns(c), column = patch % grid_columns(c);
    const double y = coordinate(rotary, row, grid_rows(c), rotary.reference_rows);
    const double x = coordinate(rotary, column, grid_columns(c), rotary.reference_columns);
    for (double along : {rotary.columns_first ? x : y, rotary.columns_first ? y : x}) {
      double angle = along;
      for (int j = 0; j < frequencies; j++, angle *= ratio) {
        *cos++ = static_cast<float>(cosine(angle));
        *sin++ = static_cast<float>(sine(angle));
      }
    }
  }
}

void rotate_patches(float* x, const RotaryTable& table, const Config& c, int rows) {
  const int prefix = prefix_count(c), size = head_size(c);
  parallel_for(std::max(0, rows - prefix), [&](int patch) {
    float* head = x + (prefix + patch) * c.hidden;
    const int angles = patch * (size / 2);
    for (int i = 0; i < c.heads; i++, head += size) {
      apply_rotary(head, size, table.cos + angles, table.sin + angles, c.rotary.pairs);
    }
  });
}

}  // namespace vit
