#include "constants.h"

namespace vit {

const ExpConstants kExp = {
    .smallest = -87.0f,
    .largest = 88.0f,
    .log2_e = 1.44269504f,
    .rounder = 0x1.8p23f,
    .minus_ln2_high = -0.693359375f,
    .minus_ln2_low = 2.12194440e-4f,
    .series = {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f},
};

const ErfcConstants kErfc = {
    .p = 0.3275911f,
    .series = {1.061405429f, -1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f},
    .half = 0.5f,
    .one = 1.0f,
    .sqrt_half = 0.70710678f,
};

}  // namespace vit
