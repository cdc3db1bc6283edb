#include "element_order.h"

#include <algorithm>

namespace vit {

bool fits(ElementOrder order, uint64_t elements) {
  if (order.empty()) return true;
  uint64_t count = 1;
  uint64_t last = 0;
  for (const auto& [size, stride] : order) {
    if (size < 1 || stride < 0) return false;
    count *= static_cast<uint64_t>(size);
    last += static_cast<uint64_t>(size - 1) * static_cast<uint64_t>(stride);
    if (count > elements || last >= elements) return false;
  }
  return count == elements;
}

Run run_from(ElementOrder order, uint64_t received, int count) {
  if (order.empty()) return {received, 1, count};
  const auto& [innermost, stride] = order.back();
  uint64_t rest = received;
  uint64_t first = 0;
  for (size_t axis = order.size(); axis-- > 0;) {
    const uint64_t size = static_cast<uint64_t>(order[axis].size);
    first += rest % size * static_cast<uint64_t>(order[axis].stride);
    rest /= size;
  }
  const int left = innermost - static_cast<int>(received % static_cast<uint64_t>(innermost));
  return {first, static_cast<uint64_t>(stride), std::min(count, left)};
}

}  // namespace vit
