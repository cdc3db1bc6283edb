"""Our tensors under the names that Hugging Face's ViTForImageClassification has on the Hub, and back."""

from pathlib import Path

import torch
from safetensors.torch import load_file

BLOCK = {  # ours -> Hugging Face's
    "norm1": "layernorm_before",
    "attn.query": "attention.attention.query",
    "attn.key": "attention.attention.key",
    "attn.value": "attention.attention.value",
    "attn.proj": "attention.output.dense",
    "norm2": "layernorm_after",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
}


def hugging_face_tensors(vit, settings) -> dict[str, torch.Tensor]:
    own = vit.state_dict()
    P = settings.patch_size
    # Our patch embedding is a matrix over patches flattened as (channel, row, column): a convolution's weight.
    tensors = {
        "vit.embeddings.cls_token": own["cls_token"],
        "vit.embeddings.position_embeddings": own["pos_embed"],
        "vit.embeddings.patch_embeddings.projection.weight": own["patch_embed.weight"].view(-1, 3, P, P),
        "vit.embeddings.patch_embeddings.projection.bias": own["patch_embed.bias"],
        "vit.layernorm.weight": own["norm.weight"],
        "vit.layernorm.bias": own["norm.bias"],
        "classifier.weight": own["head.weight"],
        "classifier.bias": own["head.bias"],
    }
    for i in range(settings.depth):
        for ours, theirs in BLOCK.items():
            for part in ("weight", "bias"):
                tensors[f"vit.encoder.layer.{i}.{theirs}.{part}"] = own[f"blocks.{i}.{ours}.{part}"]
    return tensors


@torch.no_grad()
def set_weights(vit, settings, file: Path):
    """Gives the network the weights of an exported file."""
    saved = load_file(file)
    for name, tensor in hugging_face_tensors(vit, settings).items():  # views of the parameters
        tensor.copy_(saved[name])
