"""The network: a plain pre-norm Vision Transformer with a class token.

The same function as Hugging Face's ViTForImageClassification; export.py only renames its tensors.
Shapes: B images, N patches, T = N + 1 tokens, D width.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

LAYER_NORM_EPS = 1e-6


def sincos_position(width: int, grid: int) -> torch.Tensor:
    """2-D sine-cosine table [grid * grid, width]: only where training starts, it is learned from there."""
    frequency = math.pi / 2 * 0.1 ** (torch.arange(width // 4) / (width // 4))
    angle = torch.arange(grid)[:, None] * frequency
    table = torch.cat([angle.sin(), angle.cos()], dim=1)  # [grid, width / 2]
    rows = table[:, None].expand(grid, grid, -1)
    columns = table[None, :].expand(grid, grid, -1)
    return torch.cat([rows, columns], dim=2).reshape(grid * grid, width)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        # Three matrices rather than one: Muon makes each of them orthogonal on its own.
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.proj = nn.Linear(width, width)
        self.start_near_identity()

    @torch.no_grad()
    def start_near_identity(self):
        """Mimetic initialization (Trockman and Kolter 2023): query^T key is near +I, proj value near -I.

        With the sine-cosine positions a token then first attends to its neighbors: the locality that
        a small data set cannot teach from nothing.
        """
        D = self.proj.weight.shape[0]
        size = D // self.heads
        for h in range(self.heads):
            rows = slice(h * size, (h + 1) * size)
            u, s, v = torch.linalg.svd(0.7 * torch.randn(D, D) / D**0.5 + 0.7 * torch.eye(D))
            self.query.weight[rows] = (u[:, :size] * s[:size].sqrt()).T
            self.key.weight[rows] = s[:size, None].sqrt() * v[:size]
        u, s, v = torch.linalg.svd(0.4 * torch.randn(D, D) / D**0.5 - 0.4 * torch.eye(D))
        self.proj.weight.copy_(u * s.sqrt())
        self.value.weight.copy_(s[:, None].sqrt() * v)

    def forward(self, x: torch.Tensor, queries: int) -> torch.Tensor:
        """Attention over all tokens of x [B, T, D] for its first `queries` tokens."""
        B, T, D = x.shape
        split = lambda y: y.view(B, -1, self.heads, D // self.heads).transpose(1, 2)
        if queries == T:
            weight = torch.cat([self.query.weight, self.key.weight, self.value.weight])
            bias = torch.cat([self.query.bias, self.key.bias, self.value.bias])
            q, k, v = F.linear(x, weight, bias).chunk(3, dim=2)
        else:
            q, k, v = self.query(x[:, :queries]), self.key(x), self.value(x)
        out = F.scaled_dot_product_attention(split(q), split(k), split(v))
        return self.proj(out.transpose(1, 2).reshape(B, queries, D))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, eps: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        nn.init.zeros_(self.fc2.weight)

    def forward(self, x: torch.Tensor, queries: int) -> torch.Tensor:
        x = x[:, :queries] + self.attn(self.norm1(x), queries)
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ViT(nn.Module):
    def __init__(self, image_size: int, patch_size: int, width: int, depth: int, heads: int,
                 hidden: int, classes: int, eps: float = LAYER_NORM_EPS):
        super().__init__()
        self.patch_size = patch_size
        grid = image_size // patch_size
        self.patch_embed = nn.Linear(3 * patch_size**2, width)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        position = torch.cat([torch.zeros(1, width), sincos_position(width, grid)])
        self.pos_embed = nn.Parameter(position[None])
        self.blocks = nn.ModuleList(Block(width, heads, hidden, eps) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=eps)
        self.head = nn.Linear(width, classes)
        for name, p in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(p)
        nn.init.zeros_(self.head.weight)

    def forward(self, pixels: torch.Tensor, kept: torch.Tensor | None = None) -> torch.Tensor:
        """pixels [B, 3, H, W], normalized -> logits; `kept` [B, n] names the patches to look at."""
        B, P = len(pixels), self.patch_size
        patches = pixels.unflatten(3, (-1, P)).unflatten(2, (-1, P))  # [B, 3, rows, P, columns, P]
        patches = patches.permute(0, 2, 4, 1, 3, 5).reshape(B, -1, 3 * P * P)
        x = self.patch_embed(patches) + self.pos_embed[:, 1:]
        if kept is not None:
            x = x.gather(1, kept[:, :, None].expand(-1, -1, x.shape[2]))
        x = torch.cat([(self.cls_token + self.pos_embed[:, :1]).expand(B, -1, -1), x], dim=1)
        for block in self.blocks[:-1]:
            x = block(x, queries=x.shape[1])
        x = self.blocks[-1](x, queries=1)  # only the class token is read after it
        return self.head(self.norm(x)[:, 0])
