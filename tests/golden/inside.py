"""What transformers sees inside the tiny models of families.py: attention weights and hidden states of every layer.

For each model of NAMES, whose folder must exist, `inside/<name>.safetensors` has `attentions` [layers, heads, tokens, tokens]
and `hidden_states` [layers, tokens, hidden], each layer's output before the final norm, and of a classifier `lens`
[layers, classes], the probabilities that its own norm, pooling and head make of each layer's output. Computed in float64
from the model's own picture, stored as F32.
"""

import json

from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

from families import MODELS
from noise import test_image
from preprocessing import make_processor, process

NAMES = ["vit", "vit-multi-label", "i-jepa", "deit-distilled", "dinov2", "dinov2-registers", "clip", "siglip"]

def lens_of(network: torch.nn.Module, hidden: torch.Tensor, multi_label: bool) -> torch.Tensor:
    """The exit of each family's classifier, as its forward pass has it, from the state after some layer."""
    family = type(network).__name__
    body = network.vision_model if hasattr(network, "vision_model") else network.base_model
    if family.startswith("CLIP"):
        logits = network.classifier(hidden[:, 1:].mean(1))
    elif family.startswith("Siglip"):
        logits = network.classifier(body.post_layernorm(hidden).mean(1))
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


@torch.no_grad()
def inside(folder: Path, picture: dict) -> dict[str, torch.Tensor]:
    model = next(model for model in MODELS if model.name == folder.name)
    architecture = getattr(transformers, model.architecture)
    network = architecture.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager").eval()
    processor = make_processor(getattr(transformers, model.processor["image_processor_type"] + "Pil"), model.processor)
    pixel_values = torch.from_numpy(process(processor, test_image(**picture))).double()[None]
    body = network.vision_model if hasattr(network, "vision_model") else network.base_model
    seen = body(pixel_values, output_attentions=True, output_hidden_states=True)
    states = seen.hidden_states[1:]
    multi_label = network.config.problem_type == "multi_label_classification"
    probabilities = [lens_of(network, state, multi_label) for state in states]
    logits = network(pixel_values).logits
    own = logits.sigmoid()[0] if multi_label else logits.softmax(-1)[0]
    assert torch.allclose(probabilities[-1], own, atol=1e-9), folder.name
    return {
        "attentions": torch.cat(seen.attentions).float().contiguous(),
        "hidden_states": torch.cat(states).float().contiguous(),
        "lens": torch.stack(probabilities).float().contiguous(),
    }


def write_inside(fixtures: Path) -> None:
    (fixtures / "inside").mkdir(exist_ok=True)
    families = json.loads((fixtures / "families.json").read_text())
    for family in families:
        if family["name"] not in NAMES:
            continue
        tensors = inside(fixtures / "families" / family["name"], family["cases"][0]["picture"])
        save_file(tensors, fixtures / "inside" / (family["name"] + ".safetensors"))
