"""Test images and tensors made of integers, so that they need no storage; `noise.ts` is the same, number for number.

Everything follows from one counter-based hash: value number `i` of the stream `seed` is
lowbias32(seed * 0x9E3779B1 + i), all arithmetic modulo 2**32.
"""

import numpy as np


def noise(seed: int, count: int) -> np.ndarray:
    """uint32 [count]: the first values of the stream `seed`."""
    x = np.arange(count, dtype=np.uint32) + np.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def noise_tensor(seed: int, count: int) -> np.ndarray:
    """float32 [count], evenly spread in [-2, 2) in steps of 2**-14, so every value is exact."""
    return (noise(seed, count) >> np.uint32(16)).astype(np.float32) / np.float32(16384) - np.float32(2)


def test_image(kind: str, seed: int, width: int, height: int) -> np.ndarray:
    """uint8 [height, width, 4], RGBA. Alpha is always noise, to show that it is ignored. Kinds:

    noise     every byte independent
    gradient  red rises to the right, green downwards, blue along the diagonal, up to 255
    checker   0 and 255 only, in cells of 1, 3 and 5 pixels in red, green and blue: filters overshoot and must clamp
    """
    pixels = (noise(seed, height * width * 4) >> np.uint32(24)).astype(np.uint8).reshape(height, width, 4)
    y, x = np.mgrid[0:height, 0:width]
    if kind == "gradient":
        pixels[..., 0] = x * 255 // max(width - 1, 1)
        pixels[..., 1] = y * 255 // max(height - 1, 1)
        pixels[..., 2] = (x + y) * 255 // max(width + height - 2, 1)
    elif kind == "checker":
        for channel, cell in enumerate((1, 3, 5)):
            pixels[..., channel] = (x // cell + y // cell) % 2 * 255
    elif kind != "noise":
        raise ValueError(f"no test image is called {kind}")
    return pixels
