// One block of memory for everything a model needs, measured before it is taken.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

namespace vit {

/// Hands out pieces of one block, in order, each aligned to a cache line.
///
/// Used twice with the same sequence of `take`s: an empty arena only counts (the pieces are null); after
/// `reserve` it hands out zeroed memory. So sizes are written once, where the pointers are set.
class Arena {
 public:
  /// A piece of `count` elements; null while measuring.
  template <typename T>
  T* take(size_t count) {
    T* piece = block_ ? reinterpret_cast<T*>(block_.get() + used_) : nullptr;
    used_ += (static_cast<uint64_t>(count) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return piece;
  }

  /// Allocates what was measured, zeroed, and starts handing out from its beginning; false, and nothing has
  /// changed, when that much memory is not available.
  [[nodiscard]] bool reserve() {
    // A wasm32 module addresses 4 GiB; size_t would wrap silently.
    if (used_ > SIZE_MAX - kAlignment) return false;
    const size_t size = std::max(static_cast<size_t>(used_), kAlignment);
    const uint64_t old_end = end_of_memory();
    void* block = std::aligned_alloc(kAlignment, size);
    if (!block) return false;
    block_.reset(static_cast<std::byte*>(block));
    // Memory that has just been added is zero, except for the allocator's header at the front of a piece.
    const uint64_t begin = reinterpret_cast<uintptr_t>(block);
    const uint64_t used_before = std::max(old_end, begin) + kAlignment - begin;
    std::fill_n(block_.get(), static_cast<size_t>(std::min(used_before, used_)), std::byte{0});
    used_ = 0;
    return true;
  }

  /// The error for a failed `reserve`: a predicate.
  std::string shortage() const {
    return "needs " + std::to_string((used_ >> 20) + 1) + " MB of memory, more than is available";
  }

  /// Bytes handed out, or measured, so far.
  uint64_t used() const { return used_; }

 private:
  static constexpr size_t kAlignment = 64;

  // The end of WebAssembly's memory; natively, beyond all addresses.
  static uint64_t end_of_memory() {
#ifdef __wasm__
    return uint64_t{__builtin_wasm_memory_size(0)} * 65536;
#else
    return UINT64_MAX - kAlignment;
#endif
  }

  struct Free {
    void operator()(std::byte* block) const { std::free(block); }
  };
  std::unique_ptr<std::byte, Free> block_;
  uint64_t used_ = 0;
};

}  // namespace vit
