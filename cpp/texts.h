// Several texts in one array of tokens.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>

namespace vit {

/// The tokens that all texts begin with, once, and then each text's other tokens, one text after another. In
/// a causal encoder a token's vectors depend only on the tokens up to it, so those of a common beginning,
/// such as "a photo of a", are the same in every text and are computed once.
struct Texts {
  std::span<const int> lengths;  // tokens of each text, without the shared ones; at least 1
  int shared = 0;                // 0 unless the encoder is causal
};

/// How many tokens are computed.
inline int64_t token_count(const Texts& texts) {
  return std::accumulate(texts.lengths.begin(), texts.lengths.end(), int64_t{texts.shared});
}

}  // namespace vit
