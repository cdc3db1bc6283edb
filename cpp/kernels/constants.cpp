#include "constants.h"

namespace vit {

// Series that were fitted have the least largest error (Lawson's algorithm in double precision).

const ExpConstants kExp = {
    .smallest = -87.0f,
    .largest = 88.0f,
    .log2_e = 1.44269504f,
    .rounder = 0x1.8p23f,
    .minus_ln2_high = -0.693359375f,
    .minus_ln2_low = 2.12194440e-4f,
    .series = {1.0f, 0.999999702f, 0.499991477f, 0.166676387f, 0.0418981761f, 0.00829027779f},
};

const GeluConstants kGelu = {
    .series = {1.04427484f, 5.2063978e-02f, 2.21137167e-02f, 3.37051057e-03f, 7.53223227e-05f, 3.964918e-05f,
               6.98801854e-06f},
};

}  // namespace vit
