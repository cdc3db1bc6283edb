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

const GeluConstants kGelu = {
    .series = {6.98801854e-06f, 3.964918e-05f, 7.53223227e-05f, 3.37051057e-03f, 2.21137167e-02f,
               5.2063978e-02f, 1.04427484f},
};

}  // namespace vit
