"""The forward pass once more in NumPy, float64, written from the paper: it guards the fixtures against a hook on
the wrong module or a library that quietly computes in float32."""

import math

import numpy as np

ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "quick_gelu": lambda x: x / (1 + np.exp(-1.702 * x)),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
}
ACTIVATIONS["gelu_pytorch_tanh"] = ACTIVATIONS["gelu_new"]


def softmax(x: np.ndarray) -> np.ndarray:
    exponentials = np.exp(x - x.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def reference_forward(config: dict, weights: dict, pixel_values: np.ndarray) -> dict[str, np.ndarray]:
    """Every stage, float64. `weights`: by the names of transformers 5 without `vit.`; `pixel_values`: [3, H, W]."""

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)

    def layer_norm(x, name):
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + config["layer_norm_eps"])
        return centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attention(x, name):
        heads = config["num_attention_heads"]
        q, k, v = (
            linear(x, f"{name}.{part}_proj").reshape(len(x), heads, -1).transpose(1, 0, 2) for part in "qkv"
        )
        scores = softmax(q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1]))
        return linear((scores @ v).transpose(1, 0, 2).reshape(len(x), -1), f"{name}.o_proj")

    def mlp(x, name):
        return linear(ACTIVATIONS[config["hidden_act"]](linear(x, f"{name}.fc1")), f"{name}.fc2")

    kernel = weights["embeddings.patch_embeddings.projection.weight"]
    hidden, _, patch_height, patch_width = kernel.shape
    _, height, width = pixel_values.shape
    grid = pixel_values.reshape(3, height // patch_height, patch_height, width // patch_width, patch_width)
    flat = grid.transpose(1, 3, 0, 2, 4).reshape(-1, 3 * patch_height * patch_width)
    bias = weights["embeddings.patch_embeddings.projection.bias"]
    stages = {"patches": flat @ kernel.reshape(hidden, -1).T + bias}
    x = np.concatenate([weights["embeddings.cls_token"][0], stages["patches"]])
    x = stages["tokens"] = x + weights["embeddings.position_embeddings"][0]
    for i in range(config["num_hidden_layers"]):
        x = x + attention(layer_norm(x, f"layers.{i}.layernorm_before"), f"layers.{i}.attention")
        x = x + mlp(layer_norm(x, f"layers.{i}.layernorm_after"), f"layers.{i}.mlp")
        stages[f"blocks.{i}"] = x
    stages["norm"] = layer_norm(x, "layernorm")
    stages["logits"] = linear(stages["norm"][0], "classifier")
    stages["probabilities"] = softmax(stages["logits"])
    return stages
