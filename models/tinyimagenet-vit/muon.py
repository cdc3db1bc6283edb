"""Muon (Jordan et al. 2024): momentum whose update is made orthogonal, for weight matrices.

It needs far fewer epochs than AdamW on a small ViT. Matrices of one shape are updated as one batch.
"""

import torch


def orthogonalize(m: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """Newton-Schulz iteration: singular values of m [K, rows <= columns] go to about 1."""
    x = (m / (m.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16()
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x.float()


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr: float, weight_decay: float, momentum: float = 0.95):
        params = list(params)
        shapes = sorted({p.shape for p in params})
        groups = [{"params": [p for p in params if p.shape == shape]} for shape in shapes]
        super().__init__(groups, dict(lr=lr, weight_decay=weight_decay, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = group["params"]
            grads = torch.stack([p.grad for p in params])
            state = self.state[params[0]]  # one buffer for the whole group
            if not state:
                state["momentum"] = torch.zeros_like(grads)
            momentum = state["momentum"].lerp_(grads, 1 - group["momentum"])
            update = grads.lerp(momentum, group["momentum"])  # Nesterov
            tall = update.shape[1] > update.shape[2]
            update = orthogonalize(update.mT if tall else update)
            update = update.mT if tall else update
            # 0.2 sqrt(longest edge): the size of an AdamW update, so that one scale of rates fits both
            size = 0.2 * max(update.shape[1:]) ** 0.5
            torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(params, list(update.unbind(0)), alpha=-group["lr"] * size)
