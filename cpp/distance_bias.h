// The bias of attention's scores as a small network computes it from distances (Liu et al. 2022, "Swin
// Transformer V2: Scaling Up Capacity and Resolution", section 3.3), instead of a table that was learned.
#pragma once

#include "arena.h"
#include "config.h"
#include "kernels/kernels.h"

namespace vit {

/// W₂·relu(W₁·[f(Δy), f(Δx)] + b₁) + b₂
struct DistanceNetwork {
  PackedMatrix first;   // 2 → distance_width
  PackedMatrix second;  // distance_width → heads
};

/// Points the network into `arena` (or measures it, see arena.h); nothing where tables are given.
DistanceNetwork take_distance_network(Arena& arena, const Config& config);

/// Multiply-adds that `compute_distance_bias` takes, and the most that a model's blocks may take of them: a
/// few seconds' worth.
uint64_t distance_steps(const Config& config);
inline constexpr uint64_t kMostDistanceSteps = uint64_t{1} << 33;

/// Floats that `compute_distance_bias` needs to work in; 0 where tables are given.
size_t distance_scratch(const Config& config);

/// bias[(2R − 1)·(2C − 1) × heads] for the image's grid of R × C: row (Δy + R − 1)·(2C − 1) + (Δx + C − 1) is
/// for a query Δy rows below its key and Δx columns right of it. With f(Δ) = sign(Δ)·ln(1 + |Δ|) it is the
/// network's value (timm's `RelPosMlp`), within a Swin Transformer's windows
///
///   16 · sigmoid(the network's value),  f(Δ) = sign(Δ)·log₂(1 + 8·|Δ| / (reference − 1)) / 3
///
/// where `reference` is the window of pretraining, in tokens. `scratch` has room for `distance_scratch`
/// floats.
void compute_distance_bias(float* bias, float* scratch, const DistanceNetwork& network, const Config& config,
                           int reference = 0);

}  // namespace vit
