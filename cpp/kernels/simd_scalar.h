// The SIMD vocabulary in plain C++. The contract of every name is in simd.h.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>

#include "constants.h"

namespace vit::simd {

inline constexpr int kTileRows = 5, kTileRowsUnfused = 5;

struct f32x4 {
  float lane[4];
};
struct i32x4 {
  int32_t lane[4];
};
struct i16x8 {
  int16_t lane[8];
};
struct PixelPairs {
  i16x8 left, right;
};

template <typename Function>
inline f32x4 each(Function function) {
  return {{function(0), function(1), function(2), function(3)}};
}
template <typename Function>
inline i32x4 each_i32(Function function) {
  return {{function(0), function(1), function(2), function(3)}};
}

inline f32x4 splat(float x) { return {{x, x, x, x}}; }
inline f32x4 load(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
inline void store(float* p, f32x4 v) { std::memcpy(p, v.lane, sizeof v.lane); }
inline void store_pair(float* p, f32x4 left, f32x4 right) {
  store(p, left);
  store(p + 4, right);
}
inline f32x4 constant(const float& x) { return splat(x); }
inline f32x4 load_splat(const float* p) { return splat(*p); }
inline f32x4 load_part(const float* p, int n, float fill) {
  assert(n >= 1 && n <= 3);
  return each([&](int i) { return i < n ? p[i] : fill; });
}
inline void store_part(float* p, f32x4 v, int n) {
  assert(n >= 1 && n <= 4);
  std::copy(v.lane, v.lane + n, p);
}

inline f32x4 add(f32x4 a, f32x4 b) {
  return each([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline f32x4 sub(f32x4 a, f32x4 b) {
  return each([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline f32x4 mul(f32x4 a, f32x4 b) {
  return each([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline f32x4 div(f32x4 a, f32x4 b) {
  return each([&](int i) { return a.lane[i] / b.lane[i]; });
}
inline f32x4 multiply_add(f32x4 a, f32x4 b, f32x4 c) { return add(mul(a, b), c); }
inline f32x4 fused_multiply_add(f32x4 a, f32x4 b, f32x4 c) { return multiply_add(a, b, c); }
inline f32x4 min(f32x4 a, f32x4 b) {
  return each([&](int i) { return b.lane[i] < a.lane[i] ? b.lane[i] : a.lane[i]; });
}
inline f32x4 max(f32x4 a, f32x4 b) {
  return each([&](int i) { return a.lane[i] < b.lane[i] ? b.lane[i] : a.lane[i]; });
}
inline f32x4 abs(f32x4 v) {
  return each([&](int i) { return std::fabs(v.lane[i]); });
}
inline f32x4 multiply_by_power(f32x4 v, f32x4 n) {
  return each([&](int i) {
    return std::bit_cast<float>(std::bit_cast<uint32_t>(v.lane[i]) +
                                (std::bit_cast<uint32_t>(n.lane[i]) << 23));
  });
}
inline float sum(f32x4 v) { return (v.lane[0] + v.lane[2]) + (v.lane[1] + v.lane[3]); }
inline float largest(f32x4 v) { return *std::max_element(v.lane, v.lane + 4); }

inline i32x4 splat_i32(int32_t x) { return {{x, x, x, x}}; }
inline i32x4 load_i32(const int32_t* p) { return {{p[0], p[1], p[2], p[3]}}; }
inline void store_i32(int32_t* p, i32x4 v) { std::memcpy(p, v.lane, sizeof v.lane); }
inline i32x4 load_bytes(const uint8_t* p) { return {{p[0], p[1], p[2], p[3]}}; }
inline i32x4 add(i32x4 a, i32x4 b) {
  return each_i32([&](int i) {
    return static_cast<int32_t>(static_cast<uint32_t>(a.lane[i]) + static_cast<uint32_t>(b.lane[i]));
  });
}
inline i32x4 sub(i32x4 a, i32x4 b) {
  return each_i32([&](int i) {
    return static_cast<int32_t>(static_cast<uint32_t>(a.lane[i]) - static_cast<uint32_t>(b.lane[i]));
  });
}
inline i32x4 mul(i32x4 a, i32x4 b) {
  return each_i32([&](int i) {
    return static_cast<int32_t>(static_cast<uint32_t>(a.lane[i]) * static_cast<uint32_t>(b.lane[i]));
  });
}
template <int bits>
inline i32x4 shift_right(i32x4 v) {
  return each_i32([&](int i) { return v.lane[i] >> bits; });
}
template <int bits>
inline i32x4 shift_left(i32x4 v) {
  return each_i32([&](int i) { return static_cast<int32_t>(static_cast<uint32_t>(v.lane[i]) << bits); });
}
inline PixelPairs load_pixels(const uint8_t* p) {
  return {{{p[0], p[4], p[1], p[5], p[2], p[6], p[3], p[7]}},
          {{p[8], p[12], p[9], p[13], p[10], p[14], p[11], p[15]}}};
}
inline i16x8 splat_pair(int32_t x) {
  const int16_t low = static_cast<int16_t>(x), high = static_cast<int16_t>(x >> 16);
  return {{low, high, low, high, low, high, low, high}};
}
inline i32x4 dot(i16x8 a, i16x8 b) {
  // Twice 2^30 is beyond an int and wraps, as WebAssembly's instruction does.
  const auto product = [&](int i) { return static_cast<uint32_t>(a.lane[i] * b.lane[i]); };
  return each_i32([&](int i) { return static_cast<int32_t>(product(2 * i) + product(2 * i + 1)); });
}
inline void store_bytes(uint8_t* p, i32x4 v) {
  for (int i = 0; i < 4; i++) p[i] = static_cast<uint8_t>(std::clamp(v.lane[i], 0, 255));
}
inline int32_t sum(i32x4 v) {
  uint32_t total = 0;
  for (int32_t lane : v.lane) total += static_cast<uint32_t>(lane);
  return static_cast<int32_t>(total);
}
inline f32x4 to_floats(i32x4 v) {
  return each([&](int i) { return static_cast<float>(v.lane[i]); });
}
inline i32x4 whole(f32x4 v) {
  return each_i32([&](int i) { return std::bit_cast<int32_t>(v.lane[i]) - kRounderBits; });
}

using dot_input = uint8_t;
inline constexpr int kDotInputs = 4;
inline constexpr int kDotLane = 4;
inline constexpr int kDotColumns = 8;
inline void store_inputs(dot_input* p, i32x4 v) { store_bytes(p, v); }
inline void store_16_inputs(dot_input* p, const i32x4* v) {
  for (int i = 0; i < 4; i++) store_inputs(p + 4 * i, v[i]);
}
inline void store_weights(int8_t* p, i32x4 v) {
  for (int i = 0; i < 4; i++) p[i] = static_cast<int8_t>(std::clamp(v.lane[i], -128, 127));
}
inline void store_columns(int8_t* p, const i32x4* v) {
  for (int i = 0; i < 16; i++) p[i] = static_cast<int8_t>(std::clamp(v[i % 4].lane[i / 4], -128, 127));
}
struct ScalarDots {
  static constexpr int kRows = 4;
  static constexpr int kInputs = 4;
  struct Inputs {
    uint8_t byte[kInputs];
  };
  struct Weights {
    int8_t byte[4 * kInputs];
  };
  static Inputs load_inputs(const dot_input* p) { return {{p[0], p[1], p[2], p[3]}}; }
  static Weights load_weights(const int8_t* p) {
    Weights w;
    std::memcpy(w.byte, p, sizeof w.byte);
    return w;
  }
  static i32x4 add(Weights w, Inputs x, i32x4 sum) {
    return each_i32([&](int i) {
      int32_t total = sum.lane[i];
      for (int k = 0; k < kInputs; k++) total += w.byte[kInputs * i + k] * x.byte[k];
      return total;
    });
  }
};
using DotKinds = std::tuple<ScalarDots>;
inline DotOrder usable_dots() { return {1, {0}}; }

}  // namespace vit::simd
