"""What the libraries see inside the tiny models of families.py, timm_models.py and zero_shot.py.

`inside/<name>.safetensors` has `attentions` [layers, heads, tokens, tokens] and `hidden_states` [layers, tokens, hidden], each
layer's output before the final norm; of a classifier `lens` [layers, classes], the probabilities that its own norm, pooling
and head make of each layer's output; and of some `explain` [classes, patches] (see `explained`). Computed in float64 from the
model's own picture, stored as F32.
"""

import json

from pathlib import Path

import timm
import torch
import transformers
from safetensors.torch import load_file, save_file
from timm.layers import RmsNorm

import families
from families import MODELS, MODELS_WITHOUT_EMBEDDED_POSITIONS
from noise import test_image
from preprocessing import make_processor, process
from timm_models import EVA_MODELS, MODELS as TIMM_MODELS, OTHER_MODELS

NAMES = [
    "vit", "vit-multi-label", "i-jepa", "deit-distilled", "dinov2", "dinov2-registers", "clip", "siglip",
    "dinov3-head", "beit", "beit-5",
]  # fmt: skip
# Of timm: its own ViT, EVA-02 with and without norms within attention, and blocks put together in other ways.
TIMM_NAMES = [
    "class-token", "eva02-small", "eva02-base", "eva02-clip", "relpos", "relpos-shared", "relpos-norms-after", "rope-mixed",
    "parallel", "parallel-rms", "aimv2",
]  # fmt: skip


def lens_of(network: torch.nn.Module, hidden: torch.Tensor, multi_label: bool) -> torch.Tensor:
    """The exit of each family's classifier, as its forward pass has it, from the state after some layer."""
    family = type(network).__name__
    body = body_of(network)
    if family.startswith("CLIP"):
        logits = network.classifier(hidden[:, 1:].mean(1))
    elif family.startswith("Siglip"):
        logits = network.classifier(body.post_layernorm(hidden).mean(1))
    elif family.startswith("DINOv3"):
        logits = network.classifier(network.norm(hidden)[:, 0])
    elif family.startswith("Beit"):
        logits = network.classifier(body.pooler(body.layernorm(hidden)))
    else:
        normed = body.layernorm(hidden)
        if family.startswith("DeiT"):
            logits = (network.cls_classifier(normed[:, 0]) + network.distillation_classifier(normed[:, 1])) / 2
        elif family.startswith("Dinov2WithRegisters"):
            first = 1 + network.config.num_register_tokens
            logits = network.classifier(torch.cat([normed[:, 0], normed[:, first:].mean(1)], 1))
        elif family.startswith("Dinov2"):
            logits = network.classifier(torch.cat([normed[:, 0], normed[:, 1:].mean(1)], 1))
        elif family.startswith("IJepa"):
            logits = network.classifier(normed.mean(1))
        else:
            logits = network.classifier(normed[:, 0])
    return logits.sigmoid()[0] if multi_label else logits.softmax(-1)[0]


def body_of(network: torch.nn.Module) -> torch.nn.Module:
    if type(network).__name__.startswith("DINOv3"):  # whose `model` is but the blocks
        return network
    return network.vision_model if hasattr(network, "vision_model") else network.base_model


def look(network: torch.nn.Module, pixel_values: torch.Tensor):
    """The library's own forward pass of the body, with all it can show."""
    options = {"output_attentions": True, "output_hidden_states": True}
    if type(network).__name__.startswith("DINOv3"):  # families.py's, which puts a head on it
        return transformers.DINOv3ViTModel.forward(network, pixel_values, **options)
    return body_of(network)(pixel_values, **options)


@torch.no_grad()
def inside(folder: Path, picture: dict) -> dict[str, torch.Tensor]:
    model = next(model for model in MODELS + MODELS_WITHOUT_EMBEDDED_POSITIONS if model.name == folder.name)
    architecture = getattr(families, model.architecture, None) or getattr(transformers, model.architecture)
    network = architecture.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    if hasattr(network, "rope_embeddings"):
        network.rope_embeddings = type(network.rope_embeddings)(network.config).eval()
    processor = make_processor(families.processor_of(model.processor["image_processor_type"]), model.processor)
    pixel_values = torch.from_numpy(process(processor, test_image(**picture))).double()[None]
    seen = look(network, pixel_values)
    states = seen.hidden_states[1:]
    multi_label = network.config.problem_type == "multi_label_classification"
    probabilities = [lens_of(network, state, multi_label) for state in states]
    logits = network(pixel_values)["logits"]
    own = logits.sigmoid()[0] if multi_label else logits.softmax(-1)[0]
    assert torch.allclose(probabilities[-1], own, atol=1e-9), folder.name
    return {
        "attentions": torch.cat(seen.attentions).float().contiguous(),
        "hidden_states": torch.cat(states).float().contiguous(),
        "lens": torch.stack(probabilities).float().contiguous(),
    }


def inside_timm(name: str, fixtures: Path) -> dict[str, torch.Tensor]:
    model = next(model for model in TIMM_MODELS + EVA_MODELS + OTHER_MODELS if model.name == name)
    network = model.create()
    network.load_state_dict(load_file(fixtures / "timm" / name / "model.safetensors"))
    network = network.double().eval()
    for module in network.modules():
        if hasattr(module, "init_non_persistent_buffers"):
            module.init_non_persistent_buffers()
    pixel_values = load_file(fixtures / "timm" / f"{name}.safetensors")["pixel_values"].double()[None]
    attentions, states = [], []
    for block in network.blocks:
        attention = getattr(block, "attn", block)  # which stands beside the MLP in a parallel block
        attention.fused_attn = False
        attention.attn_drop.register_forward_hook(lambda _module, _inputs, output: attentions.append(output[0]))
        block.register_forward_hook(lambda _module, _inputs, output: states.append(output))
    with torch.no_grad():
        own = network(pixel_values).softmax(-1)[0]
        probabilities = [network.forward_head(network.norm(state)).softmax(-1)[0] for state in states]
    assert torch.allclose(probabilities[-1], own, atol=1e-9), name
    results = {
        "attentions": torch.stack(attentions),
        "hidden_states": torch.cat(states),
        "lens": torch.stack(probabilities),
    }
    if network.global_pool == "token":
        results["explain"] = explained(network, pixel_values)
    return {key: values.float().contiguous() for key, values in results.items()}


def explained(network: torch.nn.Module, pixel_values: torch.Tensor) -> torch.Tensor:
    """What the last block's attention carries from each patch into the class token, as the head reads it: by autograd,
    the slope of a class's logit, above the mean of all classes, in a factor on what the class token reads of the patch.
    What is not followed is held: the last block's MLP, and the variance that a layer norm divides by."""
    block = network.blocks[-1]
    attention = getattr(block, "attn", block)
    tokens = network.patch_embed.num_patches + network.num_prefix_tokens
    factors = torch.ones(tokens, dtype=torch.float64, requires_grad=True)

    def read(_module, _inputs, output):
        first = output[:, :, :1] * factors
        return torch.cat([first, output[:, :, 1:]], 2)

    def held(norm: torch.nn.LayerNorm | RmsNorm):
        def forward(x):
            if isinstance(norm, RmsNorm):
                return x / (x.square().mean(-1, keepdim=True).detach() + norm.eps).sqrt() * norm.weight
            variance = x.var(-1, unbiased=False, keepdim=True).detach()
            return (x - x.mean(-1, keepdim=True)) / (variance + norm.eps).sqrt() * norm.weight + norm.bias

        return forward

    attention.attn_drop.register_forward_hook(read)
    if hasattr(block, "mlp"):
        block.mlp.register_forward_hook(lambda _module, _inputs, output: output.detach())
    for norm in (getattr(attention, "norm", None), network.norm, network.fc_norm):
        if isinstance(norm, torch.nn.LayerNorm | RmsNorm):
            norm.forward = held(norm)
    logits = network(pixel_values)[0]
    slopes = torch.stack([torch.autograd.grad(logit, factors, retain_graph=True)[0] for logit in logits])
    return (slopes - slopes.mean(0))[:, network.num_prefix_tokens :]


@torch.no_grad()
def explained_siglip(folder: Path, picture: dict) -> torch.Tensor:
    """What the pool's attention carries from each patch into the pooled vector, along each label's vector: [labels,
    patches], in units of the logit."""
    stored = load_file(folder / "model.safetensors")
    # Of the scalars transformers' own classes disagree about the shape.
    network = transformers.SiglipModel.from_pretrained(folder, dtype=torch.float64, ignore_mismatched_sizes=True).eval()
    processor = make_processor(transformers.SiglipImageProcessorPil, json.loads((folder / "preprocessor_config.json").read_text()))
    pixel_values = torch.from_numpy(process(processor, test_image(**picture))).double()[None]
    vision = network.vision_model
    tokens = vision(pixel_values).last_hidden_state
    pool = vision.head
    output, weights = pool.attention(pool.probe, tokens, tokens, average_attn_weights=False)
    heads, count = weights.shape[1], tokens.shape[1]
    values = torch.nn.functional.linear(
        tokens[0], pool.attention.in_proj_weight.chunk(3)[2], pool.attention.in_proj_bias.chunk(3)[2]
    )
    read = (values.view(count, heads, -1) * weights[0, :, 0].T[:, :, None]).flatten(1)
    carried = read @ pool.attention.out_proj.weight.T
    assert torch.allclose(carried.sum(0) + pool.attention.out_proj.bias, output[0, 0], atol=1e-9)
    texts = load_file(folder / "expected.safetensors")["text_features"].double()
    vectors = torch.nn.functional.normalize(texts, dim=-1)
    length = pool(tokens)[0].norm()
    return stored["logit_scale"].double().squeeze().exp() * vectors @ carried.T / length


def write_inside(fixtures: Path) -> None:
    (fixtures / "inside").mkdir(exist_ok=True)
    for family in json.loads((fixtures / "families.json").read_text()):
        if family["name"] not in NAMES:
            continue
        tensors = inside(fixtures / "families" / family["name"], family["cases"][0]["picture"])
        save_file(tensors, fixtures / "inside" / (family["name"] + ".safetensors"))
    for name in TIMM_NAMES:
        save_file(inside_timm(name, fixtures), fixtures / "inside" / f"timm-{name}.safetensors")
    siglip = next(model for model in json.loads((fixtures / "zero-shot.json").read_text()) if model["name"] == "siglip")
    explain = explained_siglip(fixtures / "zero-shot" / "siglip", siglip["picture"])
    save_file({"explain": explain.float().contiguous()}, fixtures / "inside" / "siglip-words.safetensors")
