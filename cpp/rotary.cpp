#include "rotary.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

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

// Heads that have angles of their own; of others, all share one head's.
int heads_apart(const Config& c) { return c.rotary.learned ? c.heads : 1; }

// The angles of one head for steps along x and y, those of the first axis before those of the second.
void compute_frequencies(double* along_x, double* along_y, const Config& c) {
  const int count = head_size(c) / 4;
  const double ratio = exponential(-logarithm(c.rotary.theta) / count);
  double frequency = 1;
  for (int j = 0; j < count; j++, frequency *= ratio) {
    along_x[c.rotary.columns_first ? j : count + j] = frequency;
    along_y[c.rotary.columns_first ? count + j : j] = frequency;
  }
}

}  // namespace

RotaryTable lay_out_rotary(Arena& arena, const Config& c) {
  if (!has_rotary(c)) return {};
  const size_t angles = area(patch_count(c), heads_apart(c) * head_size(c) / 2);
  float* cos = arena.take<float>(angles);
  return {cos, arena.take<float>(angles)};
}

void fill_rotary(RotaryTable table, const RotaryFrequencies& learned, const Config& c) {
  const Rotary& rotary = c.rotary;
  const int angles = heads_apart(c) * head_size(c) / 2;
  std::vector<double> along_x(static_cast<size_t>(angles)), along_y(along_x);
  if (rotary.learned) {
    std::copy_n(learned.x, angles, along_x.data());
    std::copy_n(learned.y, angles, along_y.data());
  } else {
    compute_frequencies(along_x.data(), along_y.data(), c);
  }
  float *cos = table.cos, *sin = table.sin;
  for (int patch = 0; patch < patch_count(c); patch++) {
    const int row = patch / grid_columns(c), column = patch % grid_columns(c);
    const double y = coordinate(rotary, row, grid_rows(c), rotary.reference_rows);
    const double x = coordinate(rotary, column, grid_columns(c), rotary.reference_columns);
    for (int i = 0; i < angles; i++) {
      const double angle = x * along_x[i] + y * along_y[i];
      *cos++ = static_cast<float>(cosine(angle));
      *sin++ = static_cast<float>(sine(angle));
    }
  }
}

void rotate_patches(float* x, const RotaryTable& table, const Config& c, int rows) {
  const int prefix = prefix_count(c), size = head_size(c), heads = heads_apart(c);
  const int step = heads > 1 ? size / 2 : 0;
  parallel_for(std::max(0, rows - prefix), [&](int patch) {
    float* head = x + (prefix + patch) * c.hidden;
    size_t angles = area(patch * heads, size / 2);
    for (int i = 0; i < c.heads; i++, head += size, angles += static_cast<size_t>(step)) {
      apply_rotary(head, size, table.cos + angles, table.sin + angles, c.rotary.pairs);
    }
  });
}

}  // namespace vit
