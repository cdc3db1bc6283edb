"""Tiny models of timm and torchvision with random weights, saved as their libraries save them, and what they compute."""

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.data import resolve_data_config
from timm.layers import resample_abs_pos_embed
from timm.models._hub import save_for_hf
from torchvision.models import VisionTransformer as TorchvisionViT
from torchvision.models.vision_transformer import interpolate_embeddings
from torchvision.transforms._presets import ImageClassification
from PIL import Image
from transformers import TimmWrapperConfig, TimmWrapperForImageClassification

from noise import test_image
from timm_preprocessing import timm_process

F32, F16, BF16, F64 = torch.float32, torch.float16, torch.bfloat16, torch.float64
TINY = {"img_size": 16, "patch_size": 4, "embed_dim": 16, "depth": 2, "num_heads": 2, "mlp_ratio": 1.5, "num_classes": 5}


@dataclass
class TimmModel:
    """One row of the table below: an architecture of timm's registry, made tiny."""

    name: str
    architecture: str
    arguments: dict = field(default_factory=dict)
    dtype: torch.dtype = F32
    layout: str = "hub"  # "hub": as timm saves; "flat": its older config.json; "wrapper": as transformers saves
    config: dict = field(default_factory=dict)  # what else stands in config.json
    image_size: list[int] | None = None  # height, width: other than the model's, asked for on loading
    picture: tuple[int, int] = (37, 29)  # width, height
    tiny: dict = field(default_factory=lambda: TINY)

    def create(self) -> torch.nn.Module:
        return timm.create_model(self.architecture, pretrained=False, **{**self.tiny, **self.arguments})


LABELS = {
    "label_names": ["n1", "n2", "n3", "n4", "n5"],
    "label_descriptions": {"n1": "one", "n2": "two", "n3": "three", "n4": "four", "n5": "five"},
}
MODELS = [
    TimmModel("class-token", "vit_tiny_patch16_224", config=LABELS),
    TimmModel("flat-config", "vit_small_patch16_224", {"embed_dim": 64, "num_heads": 1, "depth": 1, "mlp_ratio": 0.5}, F16, "flat"),
    TimmModel("wrapped", "deit_tiny_patch16_224", dtype=BF16, layout="wrapper"),
    TimmModel("average", "eva_large_patch14_196", {"depth": 1}, dtype=F64),  # class token, average pooling, fc_norm
    TimmModel("average-no-class-token", "vit_medium_patch16_gap_240", dtype=F16),  # norm before pooling, no qkv_bias, LayerScale
    TimmModel("registers-average", "vit_base_patch16_reg4_gap_256", dtype=F16),  # no_embed_class, fc_norm
    TimmModel("registers-positioned", "vit_so150m2_patch16_reg1_gap_256", {"pool_include_prefix": True}, dtype=BF16),
    TimmModel("registers-class-token", "vit_small_patch14_reg4_dinov2", dtype=BF16),
    TimmModel("no-head", "vit_small_patch14_dinov2", {"num_classes": 0}, dtype=F16),
    TimmModel("gated", "vit_giant_patch14_reg4_dinov2", {"mlp_ratio": 3, "num_classes": 3}, dtype=BF16),
    TimmModel("no-embed-class", "deit3_small_patch16_224", dtype=F16),
    TimmModel("distilled", "deit_tiny_distilled_patch16_224", dtype=BF16),
    TimmModel("pre-norm", "vit_base_patch32_clip_224", dtype=BF16),
    TimmModel("quick-gelu", "vit_base_patch32_clip_quickgelu_224", {"depth": 1}, F16),
    TimmModel("siglip", "vit_base_patch32_siglip_gap_256", {"depth": 1}, F16),
    TimmModel("qk-norm", "vit_tiny_patch16_224", {"qk_norm": True}, dtype=F16),
    TimmModel("no-biases", "vit_tiny_patch16_224", {"qkv_bias": False, "proj_bias": False, "act_layer": "silu"}, dtype=BF16),
    TimmModel("no-final-norm", "vit_intern300m_patch14_448", {"depth": 1}, BF16),
    TimmModel("oblong", "vit_tiny_patch16_224", {"img_size": [20, 12]}, dtype=F16),
    TimmModel("larger", "vit_tiny_patch16_224", {"depth": 1}, F16, image_size=[28, 28]),
    TimmModel("smaller-oblong", "deit3_small_patch16_224", {"depth": 1, "img_size": 24}, BF16, image_size=[12, 20]),
    TimmModel("oblong-larger", "vit_base_patch16_reg4_gap_256", {"depth": 1, "img_size": [12, 20]}, F16, image_size=[24, 16]),
    TimmModel("bilinear-larger", "flexivit_small", {"depth": 1}, BF16, image_size=[24, 20]),
    TimmModel("distilled-larger", "deit_tiny_distilled_patch16_224", {"depth": 1}, F16, image_size=[20, 20]),
    TimmModel("siglip-map", "vit_base_patch16_siglip_224", dtype=F16),
    TimmModel("siglip-map-no-head", "vit_so400m_patch16_siglip_256", {"depth": 1, "num_classes": 0}, F16),
    TimmModel("map-registers", "test_vit3", {"depth": 1}, F16),
]  # fmt: skip

# timm's other modules of plain ViTs (eva.py, beit.py): rotary or relative positions, keys without a bias, norms within
# the block.
EVA_MODELS = [
    TimmModel("dinov3", "vit_small_patch16_dinov3", dtype=BF16),
    TimmModel("dinov3-biases", "vit_small_patch16_dinov3_qkvb", {"global_pool": "token"}, F16),
    TimmModel("dinov3-gated", "vit_small_plus_patch16_dinov3_qkvb", {"num_classes": 0}, BF16),
    TimmModel("dinov3-larger", "vit_small_patch16_dinov3_qkvb", {"depth": 1}, F16, image_size=[28, 20]),
    TimmModel("lingbot", "vit_small_patch16_lingbot", {"depth": 1}, BF16),
    TimmModel("eva", "eva_giant_patch14_224", {"depth": 1}, F16),
    TimmModel("eva02-small", "eva02_small_patch14_336", {"img_size": [12, 20]}, BF16),
    TimmModel("eva02-base", "eva02_base_patch14_448", dtype=F16),
    TimmModel("eva02-larger", "eva02_large_patch14_448", {"depth": 1}, F16, image_size=[20, 28]),
    TimmModel("eva02-clip", "eva02_base_patch16_clip_224", {"depth": 1}, BF16),
    TimmModel("rope-registers", "vit_medium_patch16_rope_reg1_gap_256", {"depth": 1}, F16),
    TimmModel("rope", "vit_small_patch16_rope_224", {"depth": 1}, BF16, image_size=[12, 20]),
    TimmModel("rope-and-learned", "vit_small_patch16_rope_ape_224", {"img_size": [12, 20]}, dtype=F16),
    TimmModel("perception-encoder", "vit_pe_spatial_tiny_patch16_512", {"depth": 1}, F16, image_size=[20, 12]),
    TimmModel("perception-encoder-no-class-token", "vit_pe_lang_gigantic_patch14_448", {"depth": 1}, BF16),
    TimmModel("beit", "beit_base_patch16_224", dtype=BF16),
    TimmModel("beit-oblong", "beitv2_large_patch16_224", {"img_size": [12, 20]}, F16),
]  # fmt: skip

# Blocks put together in another way, biases that a network computes, frequencies that were learned, RMS norms.
OTHER_MODELS = [
    TimmModel("rope-mixed", "vit_small_patch16_rope_mixed_224", dtype=F16),
    TimmModel("rope-mixed-and-learned", "vit_small_patch16_rope_mixed_ape_224", {"depth": 1, "img_size": [12, 20]}, BF16),
    TimmModel("rope-mixed-larger", "vit_base_patch16_rope_mixed_224", {"depth": 1}, F16, image_size=[12, 20]),
    TimmModel("relpos", "vit_relpos_small_patch16_224", {"rel_pos_dim": 16}, F16),
    TimmModel("relpos-shared", "vit_srelpos_small_patch16_224", {"rel_pos_dim": 12}, F16),
    TimmModel("relpos-class-token", "vit_relpos_medium_patch16_cls_224", {"rel_pos_dim": 24, "img_size": [12, 20]}, BF16),
    TimmModel("relpos-class-token-average", "vit_relpos_base_patch16_clsgap_224", {"rel_pos_dim": 8, "depth": 1, "qk_norm": True}, F16),
    TimmModel("relpos-norms-after", "vit_relpos_medium_patch16_rpn_224", {"rel_pos_dim": 16, "qkv_bias": True}, F16),
    TimmModel("relpos-larger", "vit_relpos_small_patch16_224", {"rel_pos_dim": 8, "depth": 1}, F16, image_size=[12, 20]),
    TimmModel("norms-after", "vit_base_patch16_rpn_224", dtype=F16),
    TimmModel("parallel", "vit_pwee_patch16_reg1_gap_256", {"mlp_ratio": 1.5}, F16),
    TimmModel("parallel-rms", "vit_base_patch16_xp_224", dtype=BF16),
    TimmModel("aimv2", "aimv2_large_patch14_224", dtype=F16),
    TimmModel("perception-encoder-core", "vit_pe_core_base_patch16_224", {"attn_pool_mlp_ratio": 1.5, "num_classes": 6}, F16),
]  # fmt: skip

SWIN = {"img_size": 16, "patch_size": 2, "embed_dim": 8, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4, "mlp_ratio": 2, "num_classes": 5}
SWIN_MODELS = [
    TimmModel("swin", "swin_tiny_patch4_window7_224", config=LABELS, tiny=SWIN, dtype=F16),
    TimmModel("swin-before-0.9", "swin_base_patch4_window7_224", dtype=F16, layout="authors", tiny=SWIN),
    TimmModel("swin-s3", "swin_s3_tiny_224", {"depths": (1, 2, 1), "num_heads": (1, 2, 2), "window_size": (4, 2, 2), "num_classes": 0}, F16, tiny=SWIN),
    TimmModel("swin-larger", "swin_small_patch4_window7_224", {"depths": (1, 2)}, BF16, image_size=[32, 32], tiny=SWIN),
    TimmModel("swinv2", "swinv2_tiny_window8_256", tiny=SWIN, dtype=F16),
    TimmModel("swinv2-16to24", "swinv2_base_window12to24_192to384", {"pretrained_window_sizes": (2, 3)}, tiny=SWIN, dtype=BF16),
]  # fmt: skip


def make_weights(network: torch.nn.Module, seed: int) -> None:
    """Nothing is an identity, as in tiny_models.py."""
    random = np.random.Generator(np.random.PCG64(seed))
    for name, parameter in sorted(network.named_parameters()):
        values = random.standard_normal(tuple(parameter.shape))
        if name.endswith("bias"):
            values *= 0.3
        elif "norm" in name or ".ln" in name or name.endswith("gamma"):
            values = 1 + 0.3 * values
        elif name.endswith("freqs"):
            pass  # radians from a patch to the next
        elif parameter.dim() > 1 and parameter.shape[0] > 1:
            values /= np.sqrt(np.prod(parameter.shape[1:]))
            if "qkv" in name or "in_proj" in name:
                values[: 2 * len(values) // 3] *= 2  # queries and keys: attention far from uniform
        else:  # tokens and position embeddings
            values *= 0.5
        parameter.data = torch.from_numpy(values).to(parameter.dtype)


def save_timm(model: TimmModel, network: torch.nn.Module, folder: Path) -> None:
    if model.layout == "wrapper":
        save_for_hf(network, folder, safe_serialization=True)
        path = folder / "config.json"
        config = json.loads(path.read_text())
        del config["model_args"]["num_classes"]  # transformers gives it to timm itself
        path.write_text(json.dumps(config))
        wrapped = TimmWrapperForImageClassification.from_pretrained(folder, dtype=model.dtype)
        wrapped.save_pretrained(folder)
        assert json.loads((folder / "config.json").read_text())["model_type"] == TimmWrapperConfig.model_type
        return
    save_for_hf(network, folder, model_config=dict(model.config), safe_serialization=True)
    if model.layout == "authors":  # whose stages end where timm's begin since version 0.9
        path = folder / "model.safetensors"
        before = lambda name: re.sub(r"layers\.(\d+)\.downsample", lambda n: f"layers.{int(n[1]) - 1}.downsample", name)
        tensors = {before(name).replace("head.fc.", "head."): values for name, values in load_file(path).items()}
        save_file(tensors, path, {"format": "pt"})
    if model.layout == "flat":
        path = folder / "config.json"
        config = json.loads(path.read_text())
        path.write_text(json.dumps({**config.pop("pretrained_cfg"), **config}, indent=2))


def compute_timm(network: torch.nn.Module, pixel_values: np.ndarray) -> dict[str, torch.Tensor]:
    """The weights as rounded in the file, all arithmetic in float64."""
    network = network.double().eval()
    for module in network.modules():
        if hasattr(module, "init_non_persistent_buffers"):
            module.init_non_persistent_buffers()  # which had been rounded along with the weights
    batch = torch.from_numpy(pixel_values).double()[None]
    with torch.no_grad():
        tokens = network.forward_features(batch)
        distilled = hasattr(network, "dist_token")
        embedding = tokens[:, 0] if distilled else network.forward_head(tokens, pre_logits=True)
        results = {"tokens": tokens[0].flatten(0, -2), "embedding": embedding[0]}
        if network.num_classes > 0:
            results["logits"] = network(batch)[0]
    return results


def resized(model: TimmModel, network: torch.nn.Module, image_size: list[int]) -> torch.nn.Module:
    """For other images: timm's own resampling of the position embeddings when it loads them into such a model."""
    network = network.double()
    if hasattr(network, "layers"):  # a Swin built for such images: its windows keep their size
        larger = timm.create_model(model.architecture, pretrained=False, **model.tiny | model.arguments | {"img_size": image_size})
        larger.load_state_dict(network.state_dict())
        return larger.double()
    if getattr(network, "pos_embed", None) is None:
        network.set_input_size(img_size=tuple(image_size))
        return network
    before = network.pos_embed.clone()
    prefix = 0 if network.no_embed_class else network.num_prefix_tokens
    grid = network.patch_embed.grid_size
    network.set_input_size(img_size=tuple(image_size))
    assert network.pos_embed.shape != before.shape
    flexible = "flexivit" in network.pretrained_cfg["architecture"]
    mode = {"interpolation": "bilinear", "antialias": False} if flexible else {}
    expected = resample_abs_pos_embed(before, list(network.patch_embed.grid_size), list(grid), prefix, **mode)
    assert torch.equal(network.pos_embed, expected) != flexible
    network.pos_embed.data = expected
    return network


def write_timm_model(model: TimmModel, seed: int, fixtures: Path) -> dict:
    network = model.create()
    make_weights(network, seed)
    network = network.to(model.dtype)
    folder = fixtures / "timm" / model.name
    save_timm(model, network, folder)

    pretrained_cfg = resolve_data_config(model=network)
    pretrained_cfg["input_size"] = (3, *network.patch_embed.img_size)
    if model.image_size:
        network = resized(model, network, model.image_size)
        pretrained_cfg["input_size"] = (3, *model.image_size)
    picture = {"kind": "gradient", "seed": seed, "width": model.picture[0], "height": model.picture[1]}
    pixel_values = timm_process(pretrained_cfg, test_image(**picture))
    results = compute_timm(network, pixel_values)
    if "_pe_core_" in model.architecture:  # whose head is a projection
        results["embedding"] = results.pop("logits")
    write_results(fixtures, model.name, pixel_values, results)
    return {"name": model.name, "picture": picture, "imageSize": model.image_size, "labels": labels_of(model)}


def labels_of(model: TimmModel) -> list[str] | None:
    names = model.config.get("label_names")
    return names and [model.config["label_descriptions"][name] for name in names]


def write_results(fixtures: Path, name: str, pixel_values: np.ndarray, results: dict) -> None:
    results = {key: values.float().contiguous() for key, values in results.items()}
    save_file({"pixel_values": torch.from_numpy(pixel_values)} | results, fixtures / "timm" / f"{name}.safetensors")


# Name, arguments, config.json (torchvision itself has none), dtype, edge of the images.
TORCHVISION = [
    ("torchvision", {"num_heads": 2, "hidden_dim": 16}, {"num_heads": 2}, F32, 28),
    ("torchvision-pre-logits", {"num_heads": 1, "hidden_dim": 64, "representation_size": 7}, {}, F16, 28),
    ("torchvision-larger", {"num_heads": 2, "hidden_dim": 16}, {"num_heads": 2}, BF16, 49),
]


def write_torchvision_model(row: tuple, seed: int, fixtures: Path) -> dict:
    name, arguments, config, dtype, edge = row
    sizes = {"patch_size": 7, "num_layers": 1, "mlp_dim": 20, "num_classes": 5} | arguments
    network = TorchvisionViT(image_size=28, **sizes)
    make_weights(network, seed)
    network = network.to(dtype)
    folder = fixtures / "timm" / name
    folder.mkdir()
    save_file(network.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))

    picture = {"kind": "gradient", "seed": seed, "width": 37, "height": 29}
    transform = ImageClassification(crop_size=edge, resize_size=edge * 8 // 7)  # as for 224
    rgb = Image.fromarray(test_image(**picture), "RGBA").convert("RGB")
    pixel_values = transform(rgb).contiguous().numpy()
    network = network.double().eval()
    if edge != 28:
        state = interpolate_embeddings(edge, 7, network.state_dict())
        network = TorchvisionViT(image_size=edge, **sizes).double().eval()
        network.load_state_dict(state)
    batch = torch.from_numpy(pixel_values).double()[None]
    with torch.no_grad():
        patches = network._process_input(batch)
        tokens = network.encoder(torch.cat([network.class_token, patches], dim=1))
        results = {"tokens": tokens[0], "embedding": tokens[0, 0], "logits": network(batch)[0]}
    write_results(fixtures, name, pixel_values, results)
    return {"name": name, "picture": picture, "imageSize": [edge, edge] if edge != 28 else None, "labels": None}


def write_timm_models(fixtures: Path) -> None:
    shutil.rmtree(fixtures / "timm", ignore_errors=True)
    (fixtures / "timm").mkdir(parents=True)
    rows = [write_timm_model(model, seed, fixtures) for seed, model in enumerate(MODELS, start=300)]
    rows += [write_timm_model(model, seed, fixtures) for seed, model in enumerate(EVA_MODELS, start=600)]
    rows += [write_timm_model(model, seed, fixtures) for seed, model in enumerate(OTHER_MODELS, start=900)]
    rows += [write_timm_model(model, seed, fixtures) for seed, model in enumerate(SWIN_MODELS, start=800)]
    rows += [write_torchvision_model(row, seed, fixtures) for seed, row in enumerate(TORCHVISION, start=400)]
    (fixtures / "timm.json").write_text(json.dumps(rows, indent=1) + "\n")
