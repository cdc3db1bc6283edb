// The order in which a tensor's values arrive, for files that store it otherwise than the engine expects.
#pragma once

#include <cstdint>
#include <span>

namespace vit {

/// One axis of a tensor as it is stored: `size` steps, each of which moves `stride` elements on in the
/// row-major order of the slot.
struct Axis {
  int size;
  int stride;
};

/// The axes of a tensor as it is stored, the slowest first; none when its values come in the slot's own
/// order. A matrix [inputs, outputs] for the slot [outputs, inputs] is {{inputs, 1}, {outputs, inputs}}.
using ElementOrder = std::span<const Axis>;

/// Values that follow each other as they arrive: where the first one belongs, and how far apart the others.
struct Run {
  uint64_t first;
  uint64_t stride;
  int length;
};

/// Whether the order covers `elements` values, all of them inside the slot.
bool fits(ElementOrder order, uint64_t elements);

/// The longest run from the value that arrives as number `received`, of at most `count` values.
Run run_from(ElementOrder order, uint64_t received, int count);

}  // namespace vit
