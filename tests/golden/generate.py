#!/usr/bin/env python3
"""Makes the golden fixtures: what PyTorch, transformers and Pillow compute, for the tests to compare with.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python generate.py [--shared ../../../shared]

Needed only when the fixtures change: the results are committed, so that the tests need no Python.

    fixtures/models/<name>/                 a Hugging Face folder with random weights
    fixtures/stages/<name>.safetensors      its pixel_values and every stage, computed in float64, stored as F32
    fixtures/families/<name>/               a model of every family and option, and what transformers makes of pictures
    fixtures/inside/<name>.safetensors      attention weights, hidden states and layers' answers of some of them
    fixtures/families.json                  the pictures, and for which image sizes
    fixtures/models.json                    the picture that pixel_values was made from (noise.py)
    fixtures/resize.json.gz                 what Pillow's resize gives, byte for byte
    fixtures/preprocess.{json,safetensors}  every spelling of preprocessor_config.json, and its pixel values
    fixtures/timm-preprocess.{json.gz,safetensors}  every spelling of timm's pretrained_cfg, likewise
    fixtures/timm/<name>/                   a folder as timm or torchvision saves it, with random weights
    fixtures/timm/<name>.safetensors        pixel_values, tokens, embedding and logits of it
    fixtures/timm.json                      the pictures, and for which image sizes
    fixtures/timm-architectures.json        what timm's architectures have that tensors do not show
    fixtures/zero-shot/<name>/              CLIP with both towers and a tokenizer, and what transformers makes of words
    fixtures/zero-shot.json                 the picture, the labels and their token ids
    fixtures/clip-base.safetensors          embeddings of photographs by a picture tower of CLIP ViT-B/32's size
    fixtures/open-clip/<name>/              models as open_clip saves them, and what open_clip makes of them
    fixtures/open-clip.json                 the picture, the labels and whose tokenizer
    fixtures/npz/                           ViTs as Google Research saves them, and timm's logits for them
    fixtures/features.{json,safetensors}    what scikit-learn makes of tokens and embeddings
    fixtures/few-shot.{json,safetensors}    what scikit-learn learns from a few embeddings
    fixtures/deit-tiny.{json,safetensors}   DeiT-Tiny's logits; pictures and weights stay in the shared folder
    ../../examples/demo/python/reference.json   what transformers makes of the demo's fixed picture
"""

import argparse
from pathlib import Path

import torch
from transformers.utils import logging

from clip_base import write_clip_base
from deit_tiny import write_deit_tiny
from demo import write_demo
from families import write_families
from features import write_features
from few_shot import write_few_shot
from inside import write_inside
from npz_models import write_npz_models
from open_clip_models import write_open_clip
from preprocessing import write_preprocess_cases, write_resize_cases
from timm_architectures import write_timm_architectures
from timm_models import write_timm_models
from timm_preprocessing import write_timm_preprocess_cases
from tiny_models import write_models
from zero_shot import write_zero_shot

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=HERE.parents[2] / "shared", help="holds models/ and images/")
    parser.add_argument("--fixtures", type=Path, default=HERE / "fixtures", help="where the results go")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    arguments.fixtures.mkdir(parents=True, exist_ok=True)
    write_resize_cases(arguments.fixtures)
    write_preprocess_cases(arguments.fixtures)
    write_timm_preprocess_cases(arguments.fixtures)
    write_models(arguments.fixtures)
    write_families(arguments.fixtures)
    write_inside(arguments.fixtures)
    write_timm_architectures(arguments.fixtures)
    write_timm_models(arguments.fixtures)
    write_npz_models(arguments.fixtures)
    write_zero_shot(arguments.fixtures)
    write_clip_base(arguments.fixtures)
    write_open_clip(arguments.fixtures)
    write_features(arguments.fixtures)
    write_few_shot(arguments.fixtures)
    write_deit_tiny(arguments.fixtures, arguments.shared)
    write_demo(arguments.shared)


if __name__ == "__main__":
    main()
