"""Pillow's resize and the Hugging Face image processors built on it (`*ImageProcessorPil`), and DINOv3's, which is not."""

import base64
import gzip
import hashlib
import json
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file
from transformers import DeiTImageProcessorPil, DINOv3ViTImageProcessor, ViTImageProcessorPil

from noise import test_image

PROCESSORS = {"ViT": ViTImageProcessorPil, "DeiT": DeiTImageProcessorPil, "DINOv3": DINOv3ViTImageProcessor}
LANCZOS, BILINEAR, BICUBIC, BOX, HAMMING = 1, 2, 3, 4, 5  # Pillow's numbers
NO_RESIZE, SQUASH, SHORTEST_EDGE = 0, 1, 2  # the engine's


def make_processor(processor, config: dict):
    known = {name: value for name, value in config.items() if not name.endswith("_type")}
    return processor(**known)


def process(processor, rgba: np.ndarray) -> np.ndarray:
    """float32 [3, H, W] of uint8 [height, width, 4]; alpha is dropped, as Pillow's convert("RGB") does."""
    image = Image.fromarray(rgba, "RGBA").convert("RGB")
    return processor(image, return_tensors="np")["pixel_values"][0].astype(np.float32)


def sha256(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


# (width, height) → (width, height), chosen for: shrinking and growing, both at once, odd sizes, one pixel, one line,
# a pass that is skipped, nothing to do, extreme aspects, images of many bands. Pillow 13 resizes vertically first
# when the height loses more than twice the pixels that the width loses: both sides of that border, too.
SQUASHES = [
    ((64, 48), (16, 16)),
    ((37, 53), (24, 19)),
    ((7, 5), (31, 29)),
    ((40, 9), (13, 27)),
    ((1, 1), (9, 7)),
    ((1, 50), (8, 8)),
    ((50, 1), (8, 8)),
    ((100, 20), (100, 7)),
    ((20, 100), (7, 100)),
    ((23, 17), (23, 17)),
    ((1000, 3), (16, 16)),
    ((3, 1000), (16, 16)),
    ((33, 34), (1, 1)),
    ((641, 427), (224, 224)),
    ((30, 40), (20, 20)),
    ((30, 41), (20, 20)),
    ((20, 21), (20, 20)),
    ((20, 31), (27, 30)),
    ((20, 20), (50, 12)),
]
LARGE_SQUASHES = [((1920, 1081), (256, 255)), ((1080, 1920), (256, 256))]

# (width, height), shortest edge or None for no resize, crop (width, height): truncated long edges, odd margins
# (rounded down), crops larger than the image on one or both axes (zero padding).
CROPS = [
    ((53, 37), 24, (24, 24)),
    ((37, 53), 24, (24, 24)),
    ((31, 31), 24, (19, 22)),
    ((100, 7), 11, (16, 8)),
    ((7, 100), 11, (8, 16)),
    ((29, 23), 10, (17, 14)),
    ((23, 29), 10, (11, 15)),
    ((3, 5), 40, (37, 38)),
    ((9, 30), None, (16, 16)),
    ((41, 30), None, (16, 15)),
    ((5, 6), None, (16, 15)),
    ((1, 1), None, (4, 4)),
    ((13, 90), 10, (8, 16)),
    ((13, 90), 10, (12, 75)),
]


def resize_case(kind: str, size, resize: int, resize_size, crop, output, resample: int, seed: int) -> dict:
    """One case: what the engine is asked, and the bytes Python gives, channel by channel."""
    picture = {"kind": kind, "seed": seed, "width": size[0], "height": size[1]}
    rgba = test_image(**picture)
    if resize == SQUASH:
        resized = Image.fromarray(rgba, "RGBA").convert("RGB").resize(resize_size, resample)
        pixels = np.asarray(resized).transpose(2, 0, 1)
    else:
        processor = DeiTImageProcessorPil(
            do_resize=resize != NO_RESIZE,
            size={"shortest_edge": resize_size[0]},
            resample=resample,
            crop_size={"height": crop[1], "width": crop[0]},
            do_rescale=False,
            do_normalize=False,
        )
        pixels = process(processor, rgba).astype(np.uint8)
    assert pixels.shape == (3, output[1], output[0])
    data = np.ascontiguousarray(pixels).tobytes()
    return {
        "picture": picture | {"sha256": sha256(rgba)},
        "resize": resize,
        "resizeWidth": resize_size[0],
        "resizeHeight": resize_size[1],
        "filter": resample,
        "cropWidth": crop[0],
        "cropHeight": crop[1],
        "width": output[0],
        "height": output[1],
        "sha256": sha256(pixels),
        "bytes": base64.b64encode(data[:192]).decode(),  # the beginning, to see what differs
    }


def write_resize_cases(fixtures: Path) -> None:
    cases = []

    def add(kind, size, resize, resize_size, crop, output, resample):
        cases.append(resize_case(kind, size, resize, resize_size, crop, output, resample, seed=1000 + len(cases)))

    for (size, output), resample in product(SQUASHES, (BILINEAR, BICUBIC, LANCZOS, BOX, HAMMING)):
        kinds = ("noise", "checker") if resample in (BILINEAR, BICUBIC) else ("noise",)
        for kind in kinds:
            add(kind, size, SQUASH, output, (0, 0), output, resample)
    for (size, output), resample in product(LARGE_SQUASHES, (BILINEAR, BICUBIC)):
        add("noise", size, SQUASH, output, (0, 0), output, resample)
    for (size, edge, crop), resample in product(CROPS, (BILINEAR, BICUBIC)):
        if edge is not None:
            add("noise", size, SHORTEST_EDGE, (edge, edge), crop, crop, resample)
        elif resample == BILINEAR:
            add("noise", size, NO_RESIZE, (0, 0), crop, crop, resample)
    lines = ",\n".join(json.dumps(case) for case in cases)
    (fixtures / "resize.json.gz").write_bytes(gzip.compress(f"[\n{lines}\n]\n".encode(), mtime=0))


HALF = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
NEW_SIZE = {"height": 14, "width": 18}

# Every spelling of preprocessor_config.json: name, processor, the file's content, and the image's (width, height).
PREPROCESS_CASES = [
    ("ViT, legacy integer size", "ViT", {"feature_extractor_type": "ViTFeatureExtractor", "do_normalize": True, "do_resize": True, "resample": 2, "size": 18} | HALF, (40, 30)),
    ("ViT, height and width", "ViT", {"image_processor_type": "ViTImageProcessor", "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 2, "rescale_factor": 0.00392156862745098, "size": NEW_SIZE} | HALF, (40, 30)),
    ("ViT, fast", "ViT", {"image_processor_type": "ViTImageProcessorFast", "crop_size": None, "data_format": "channels_first", "do_center_crop": None, "do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 3, "rescale_factor": 0.00392156862745098, "size": NEW_SIZE} | HALF, (40, 30)),
    ("ViT, defaults", "ViT", {"image_processor_type": "ViTImageProcessor", "size": NEW_SIZE}, (9, 11)),
    ("ViT, not rescaled", "ViT", {"image_processor_type": "ViTImageProcessor", "do_rescale": False, "size": NEW_SIZE} | IMAGENET, (40, 30)),
    ("ViT, not normalised", "ViT", {"image_processor_type": "ViTImageProcessor", "do_normalize": False, "size": NEW_SIZE} | IMAGENET, (40, 30)),
    ("ViT, not resized", "ViT", {"image_processor_type": "ViTImageProcessor", "do_resize": False, "size": NEW_SIZE} | HALF, (18, 14)),
    ("ViT, other rescale factor", "ViT", {"image_processor_type": "ViTImageProcessor", "rescale_factor": 1 / 127.5, "size": NEW_SIZE, "image_mean": [1, 1, 1], "image_std": [1, 1, 1]}, (40, 30)),
    ("DeiT, legacy integer sizes", "DeiT", {"feature_extractor_type": "DeiTFeatureExtractor", "crop_size": 14, "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3, "size": 17} | IMAGENET, (40, 30)),
    ("DeiT, height and width", "DeiT", {"image_processor_type": "DeiTImageProcessor", "crop_size": {"height": 14, "width": 15}, "do_center_crop": True, "do_normalize": True, "do_rescale": True, "do_resize": True, "resample": 3, "rescale_factor": 0.00392156862745098, "size": {"height": 20, "width": 21}} | IMAGENET, (30, 40)),
    ("DeiT, cropped larger than resized", "DeiT", {"image_processor_type": "DeiTImageProcessor", "crop_size": {"height": 16, "width": 17}, "do_center_crop": True, "resample": 3, "size": {"height": 12, "width": 20}} | IMAGENET, (30, 40)),
    ("DeiT, not cropped", "DeiT", {"image_processor_type": "DeiTImageProcessor", "crop_size": {"height": 10, "width": 10}, "do_center_crop": False, "resample": 3, "size": {"height": 14, "width": 18}} | IMAGENET, (30, 40)),
    ("ViT, size as a list", "ViT", {"image_processor_type": "ViTImageProcessor", "size": [14, 18]} | HALF, (40, 30)),
    ("ViT, shortest edge and crop", "ViT", {"image_processor_type": "ViTImageProcessor", "crop_size": {"height": 16, "width": 15}, "do_center_crop": True, "resample": 3, "size": {"shortest_edge": 19}} | IMAGENET, (53, 37)),
    ("DINOv3, as published", "DINOv3", {"crop_size": None, "data_format": "channels_first", "default_to_square": True, "device": None, "disable_grouping": None, "do_center_crop": None, "do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "image_processor_type": "DINOv3ViTImageProcessorFast", "input_data_format": None, "resample": 2, "rescale_factor": 0.00392156862745098, "return_tensors": None, "size": NEW_SIZE} | IMAGENET, (40, 30)),
    ("DINOv3, defaults, larger", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "size": NEW_SIZE}, (9, 11)),
    ("DINOv3, much smaller", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "size": NEW_SIZE}, (500, 731)),
    ("DINOv3, bicubic", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "resample": 3, "size": NEW_SIZE}, (17, 90)),
    ("DINOv3, cropped", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "crop_size": {"height": 11, "width": 12}, "do_center_crop": True, "size": NEW_SIZE}, (40, 30)),
    ("DINOv3, cropped larger than resized", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "crop_size": {"height": 16, "width": 15}, "do_center_crop": True, "size": NEW_SIZE}, (40, 30)),
    ("DINOv3, not resized", "DINOv3", {"image_processor_type": "DINOv3ViTImageProcessor", "do_resize": False}, (18, 14)),
]  # fmt: skip


def write_preprocess_cases(fixtures: Path) -> None:
    rows, tensors = [], {}
    for i, (name, processor, config, (width, height)) in enumerate(PREPROCESS_CASES):
        picture = {"kind": "noise", "seed": 5000 + i, "width": width, "height": height}
        tensors[name] = process(make_processor(PROCESSORS[processor], config), test_image(**picture))
        _, output_height, output_width = tensors[name].shape
        size = {"height": output_height, "width": output_width}
        rows.append({"name": name, "picture": picture, "config": config} | size)
    (fixtures / "preprocess.json").write_text(json.dumps(rows, indent=1) + "\n")
    save_file(tensors, fixtures / "preprocess.safetensors")
