"""What every architecture of timm's plain ViT modules has that its tensors do not show, and which are no plain ViT."""

import json
from pathlib import Path

import timm
import torch
from timm.layers import Attention, AttentionPoolLatent, AttentionRope, GluMlp, LayerNorm, Mlp, RmsNorm, SwiGLU
from timm.layers.pos_embed_rel import RelPosMlp
from timm.layers.pos_embed_sincos import RotaryEmbeddingCat, RotaryEmbeddingDinoV3, RotaryEmbeddingMixed
from timm.models.beit import Block as BeitBlock
from timm.models.eva import EvaAttention, EvaBlock
from timm.models._registry import _module_to_models, is_model, split_model_name_tag
from timm.models.vision_transformer import Block, ParallelScalingBlock, ResPostBlock
from timm.models.vision_transformer_relpos import RelPosBlock, ResPostRelPosBlock

ACTIVATIONS = {"GELU": 0, "GELUTanh": 1, "QuickGELU": 2, "SiLU": 4}
# Modules of which some or all architectures are named like plain ViTs.
MODULES = ["vision_transformer", "deit", "vision_transformer_relpos", "vision_transformer_hybrid", "eva", "beit"]
SWINS = ["swin_transformer", "swin_transformer_v2"]
OTHERS = ["resnet50", "convnext_tiny", "swinv2_cr_tiny_224", "mixer_b16_224"]
OTHERS += ["samvit_base_patch16", "naflexvit_base_patch16_gap", "efficientnet_b0", "cait_s24_224", "xcit_nano_12_p16_224"]


def is_plain_eva(network: torch.nn.Module) -> bool:
    attention = getattr(network.blocks[0], "attn", None)
    return (
        all(type(block) is EvaBlock for block in network.blocks)
        and type(attention) in (AttentionRope, EvaAttention)
        and attention.gate is None
        and getattr(attention, "num_kv_groups", 1) == 1
        and all(type(module) is LayerNorm for module in network.modules() if "Norm" in type(module).__name__)
        and type(network.rope) in (RotaryEmbeddingCat, RotaryEmbeddingDinoV3, RotaryEmbeddingMixed, type(None))
        and (network.global_pool in ("token", "avg") or pools_as_blocks(network))
    )


def pools_as_blocks(network: torch.nn.Module) -> bool:
    """By attention, whose MLP is as wide as a block's."""
    return network.attn_pool.mlp.fc1.out_features == network.blocks[0].mlp.fc1.out_features


def is_plain_beit(network: torch.nn.Module) -> bool:
    return (
        all(type(block) is BeitBlock for block in network.blocks)
        and type(network.blocks[0].mlp) is Mlp
        and network.pos_embed is None
        and network.global_pool in ("token", "avg")
    )


def pools_all_by_attention(network: torch.nn.Module) -> bool:
    has_all = network.pool_include_prefix or network.num_prefix_tokens == 0
    return network.global_pool == "map" and type(network.attn_pool) is AttentionPoolLatent and has_all


NORMS_BEFORE, NORMS_AFTER, PARALLEL = 0, 1, 2  # the engine's
ORDERS = {ResPostBlock: NORMS_AFTER, ResPostRelPosBlock: NORMS_AFTER, ParallelScalingBlock: PARALLEL}


def norms_of(network: torch.nn.Module) -> set[type]:
    return {type(module) for module in network.modules() if "Norm" in type(module).__name__}


def is_plain_relative(network: torch.nn.Module) -> bool:
    biases = [module for module in network.modules() if isinstance(module, RelPosMlp)]
    return (
        all(type(block) in (RelPosBlock, ResPostRelPosBlock) for block in network.blocks)
        and len(biases) in (1, len(network.blocks))
        and all(bias.mode == "cr" for bias in biases)
        and norms_of(network) == {torch.nn.LayerNorm}
    )


def is_plain(network: torch.nn.Module) -> bool:
    if type(network).__name__ == "VisionTransformerRelPos":
        return is_plain_relative(network)
    if type(network).__name__ == "Beit":
        return is_plain_beit(network)
    if type(network).__name__ == "Eva":
        return is_plain_eva(network)
    block = network.blocks[0] if isinstance(getattr(network, "blocks", None), torch.nn.Sequential) else None
    if type(block) is ParallelScalingBlock:
        return block.out_proj is None and len(norms_of(network)) == 1 and network.global_pool in ("token", "avg")
    return (
        type(block) in (Block, ResPostBlock)
        and type(block.attn) is Attention
        and type(block.mlp) in (Mlp, GluMlp, SwiGLU)
        and norms_of(network) in ({LayerNorm}, {RmsNorm})
        and isinstance(block.attn.norm, torch.nn.Identity)
        and type(network.patch_embed).__name__ == "PatchEmbed"
        and (network.global_pool in ("token", "avg") or pools_all_by_attention(network))
    )


def rotary_of(network: torch.nn.Module) -> dict | None:
    """As the engine is told (web/engine/bindings.ts)."""
    rope = getattr(network, "rope", None)
    if rope is None:
        return None
    rows, columns = getattr(rope, "ref_feat_shape", None) or (0, 0)
    if type(rope) is RotaryEmbeddingMixed:
        return {"theta": rope.temperature, "pairs": 1, "coordinates": 1, "offset": 0} | {
            "referenceRows": 0,
            "referenceColumns": 0,
            "columnsFirst": rope.grid_indexing == "xy",
            "learned": True,
        }
    return {
        "theta": rope.temperature,
        "pairs": 0 if rope.rotate_half else 1,
        "coordinates": 0 if type(rope) is RotaryEmbeddingDinoV3 else 1,
        "offset": rope.grid_offset,
        "referenceRows": rows,
        "referenceColumns": columns,
        "columnsFirst": rope.grid_indexing == "xy",
    }


def describe(name: str) -> dict:
    with torch.device("meta"):
        network = timm.create_model(name, pretrained=False)
    if not is_plain(network):
        return {"name": name}
    block = network.blocks[0]
    order = ORDERS.get(type(block), NORMS_BEFORE)
    parts = (block, block.in_norm, block.mlp_act) if order == PARALLEL else ()
    attention, norm, activation = parts or (block.attn, block.norm1, block.mlp.act)
    rms = {"rmsNorm": True} if type(norm) is RmsNorm else {}
    return {
        "name": name,
        "hidden": network.embed_dim,
        "heads": attention.num_heads,
        "eps": norm.eps,
        "activation": ACTIVATIONS[type(activation).__name__],
    } | ({"blockOrder": order} if order else {}) | rms | (
        ({"rotary": rotary_of(network)} if rotary_of(network) else {})
        | ({"pool": network.global_pool} if network.global_pool != "token" else {})
        | ({"learnedPositions": False} if getattr(network, "pos_embed", None) is None else {})
    )


def describe_swin(name: str) -> dict:
    """The numbers of each stage, as the engine is told; its windows as they are for images of the usual size."""
    with torch.device("meta"):
        network = timm.create_model(name, pretrained=False)
    blocks = [layer.blocks for layer in network.layers]
    pretrained = [getattr(b[0].attn, "pretrained_window_size", (0,))[0] for b in blocks]
    return {
        "name": name,
        "imageSize": network.patch_embed.img_size,
        "embed": network.patch_embed.proj.out_channels,
        "stages": [[len(b), b[0].attn.num_heads, b[0].window_size[0], p] for b, p in zip(blocks, pretrained)],
        "shifts": [b[1].shift_size[0] for b in blocks],
    }


def write_timm_swins(fixtures: Path) -> None:
    names = sorted({split_model_name_tag(name)[0] for module in SWINS for name in _module_to_models[module]})
    lines = ",\n".join(json.dumps(describe_swin(name)) for name in names)
    (fixtures / "timm-swins.json").write_text(f"[\n{lines}\n]\n")


def write_timm_architectures(fixtures: Path) -> None:
    names = sorted({split_model_name_tag(name)[0] for module in MODULES for name in _module_to_models[module]})
    rows = [describe(name) for name in names if timm.models.model_entrypoint(name).__name__ == name]
    rows += [{"name": name} for name in OTHERS if is_model(name)]
    lines = ",\n".join(json.dumps(row) for row in rows)
    (fixtures / "timm-architectures.json").write_text(f"[\n{lines}\n]\n")
    write_timm_swins(fixtures)
