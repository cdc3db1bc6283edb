"""Tiny seeded models as open_clip saves them, and what open_clip computes with them.

Every row of MODELS is a folder fixtures/open-clip/<name>/ with open_clip_config.json, open_clip_model.safetensors and
`expected.safetensors`, computed in float64 from the weights as they are in the file, and stored as F32:

    pixel_values [3, H, W]       of `picture`
    image_features [1, P]        projected, not normalized
    text_features [labels, P]    of LABELS, projected, not normalized
    probabilities [labels]

Their tokenizers are those of fixtures/zero-shot/. `open-clip.json` has the pictures.
"""

import json
import shutil
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

import open_clip
import timm
import torch
from open_clip.model import CLIP, CustomTextCLIP
from open_clip.tokenizer import get_clean_fn
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from safetensors.torch import save_file
from transformers import AutoTokenizer

from families import F16
from noise import test_image
from timm_models import make_weights
from zero_shot import LABELS

VISION = {"image_size": 16, "layers": 2, "width": 16, "head_width": 8, "patch_size": 4, "mlp_ratio": 2.5}
TEXT = {"context_length": 77, "width": 8, "heads": 2, "layers": 2, "mlp_ratio": 2.5}
SIGLIP = TEXT | {
    "context_length": 64, "layers": 1, "no_causal_mask": True, "proj_bias": True,
    "pool_type": "last", "norm_kwargs": {"eps": 1e-6}, "act_kwargs": {"approximate": "tanh"},
    "hf_tokenizer_name": "timm/ViT-B-16-SigLIP", "tokenizer_kwargs": {"clean": "canonicalize"},
}  # fmt: skip
TRUNK = {"img_size": 16, "patch_size": 4, "depth": 1, "mlp_ratio": 0.25}
# Of every width the architecture has attention heads as these: 64 wide, or 16 of them.
EVA02 = TRUNK | {"embed_dim": 64, "num_heads": 1}
GIANT = TRUNK | {"embed_dim": 32, "num_heads": 16}
PERCEPTION = TRUNK | {"embed_dim": 64, "num_heads": 1, "attn_pool_mlp_ratio": 0.25}


@dataclass
class OpenClipModel:
    name: str
    vision: dict = field(default_factory=lambda: VISION)
    text: dict = field(default_factory=lambda: TEXT)
    more: dict = field(default_factory=dict)  # what else stands in the model's configuration
    preprocess: dict = field(default_factory=dict)
    trunk: dict = field(default_factory=lambda: EVA02)
    tokenizer: str = "clip"
    picture: tuple[int, int] = (33, 26)  # width, height


def trunk(name: str, **more) -> dict:
    return {"image_size": 16, "timm_model_name": name, "timm_model_pretrained": False} | more


MODELS = [
    OpenClipModel(
        "clip",
        vision=VISION | {"image_size": [12, 20]},
        more={"quick_gelu": True},
        preprocess={"mean": [0.4, 0.5, 0.6], "std": [0.3, 0.2, 0.25]},
    ),
    OpenClipModel(
        "eva02",
        vision=trunk("eva02_base_patch16_clip_224", timm_pool="token", timm_proj=None),
        more={"custom_text": True},
    ),
    OpenClipModel(
        "siglip",
        vision=trunk("vit_giantopt_patch16_siglip_256", timm_pool="map", timm_proj="none"),
        trunk=GIANT,
        text=SIGLIP,
        more={"custom_text": True, "init_logit_bias": -10, "embed_dim": 32},
        preprocess={"resize_mode": "squash", "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3},
        tokenizer="siglip",
    ),
    OpenClipModel(
        "perception-encoder",
        vision=trunk("vit_pe_core_base_patch16_224", timm_pool="map", timm_proj=None),
        trunk=PERCEPTION,
        text=TEXT | {"context_length": 32, "layers": 1},
        more={"custom_text": True},
        preprocess={"resize_mode": "squash", "interpolation": "bilinear", "mean": [0.5] * 3, "std": [0.5] * 3},
    ),
]


def create(model: OpenClipModel, vocab_size: int) -> tuple[torch.nn.Module, dict]:
    config = {"embed_dim": 8, "vision_cfg": model.vision, "text_cfg": model.text | {"vocab_size": vocab_size}} | model.more
    arguments = {key: value for key, value in config.items() if key != "custom_text"}
    with mock.patch.object(timm, "create_model", partial(timm.create_model, **model.trunk)):
        network = (CustomTextCLIP if "custom_text" in config else CLIP)(**arguments)
    return network.eval(), config


def write_model(model: OpenClipModel, seed: int, fixtures: Path) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(fixtures / "zero-shot" / model.tokenizer)
    network, config = create(model, len(tokenizer))
    make_weights(network, seed)
    network.logit_scale.data = torch.tensor(2.3)
    if network.logit_bias is not None:
        network.logit_bias.data = torch.tensor(-1.7)
    network = network.to(F16)
    folder = fixtures / "open-clip" / model.name
    folder.mkdir(parents=True)
    save_file(network.state_dict(), folder / "open_clip_model.safetensors")
    written = {"model_cfg": config, "preprocess_cfg": model.preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(written, indent=1) + "\n")

    network = network.double()
    for module in network.modules():
        if hasattr(module, "init_non_persistent_buffers"):
            module.init_non_persistent_buffers()  # which had been rounded along with the weights
    clean = get_clean_fn(model.text.get("tokenizer_kwargs", {}).get("clean", "lower"))
    ids = tokenizer(
        [clean(label) for label in LABELS], max_length=model.text["context_length"], padding="max_length",
        truncation=True, return_tensors="pt",
    ).input_ids  # fmt: skip
    if model.tokenizer == "clip":  # open_clip's own tokenizer fills up with zeros
        ends = (ids == tokenizer.eos_token_id).int().argmax(-1)
        ids[torch.arange(ids.shape[1])[None] > ends[:, None]] = 0
    settings = merge_preprocess_dict(PreprocessCfg(size=model.vision["image_size"]), model.preprocess)
    picture = {"kind": "gradient", "seed": seed, "width": model.picture[0], "height": model.picture[1]}
    rgb = Image.fromarray(test_image(**picture), "RGBA").convert("RGB")
    pixel_values = image_transform_v2(PreprocessCfg(**settings), is_train=False)(rgb)
    with torch.no_grad():
        batch = pixel_values.double()[None]
        [logits], _ = network.get_logits(batch, ids)
        results = {
            "pixel_values": pixel_values,
            "image_features": network.encode_image(batch),
            "text_features": network.encode_text(ids),
            "probabilities": logits.sigmoid() if network.logit_bias is not None else logits.softmax(-1),
        }
    save_file({name: values.float().contiguous() for name, values in results.items()}, folder / "expected.safetensors")
    return {"name": model.name, "picture": picture, "tokenizer": model.tokenizer, "labels": LABELS}


def write_open_clip(fixtures: Path) -> None:
    assert open_clip.__version__ == "3.3.0"
    shutil.rmtree(fixtures / "open-clip", ignore_errors=True)
    rows = [write_model(model, seed, fixtures) for seed, model in enumerate(MODELS, start=900)]
    (fixtures / "open-clip.json").write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
