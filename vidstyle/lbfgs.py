"""L-BFGS with steps of one length (Nocedal & Wright 2006, algorithm 7.4), without a look at the device.

torch.optim.LBFGS reads two numbers from the device for every pair it keeps, some fifty a step, and a GPU that
is read from has nothing to do until the next operation reaches it. Here every number stays where it is, and
what has to be decided is decided there. On the CPU it is bit for bit what PyTorch's does without a line
search, until a step taught nothing (it takes the place of the oldest pair, where PyTorch's takes none).
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST_CURVATURE = 1e-10


class LBFGS:
    """Moves one tensor by its gradients. history: pairs kept. rate: length of a step, in directions found.

    The first step, and the first after `restart`, goes no further than `rate` in the sum of all changes.
    """

    def __init__(self, history: int, rate: float) -> None:
        self._history, self._first_rate = history, rate
        self._turns: list[Tensor] = []  # y, by how much the gradient changed
        self._steps: list[Tensor] = []  # s, by how much the tensor did
        self._inverses: Tensor  # 1 / y·s of each; 0 makes a pair count for nothing
        self._scale: Tensor
        self._rate: Tensor
        self._fresh: Tensor  # whether the next step is as the first
        self._gradient: Tensor | None = None  # where the last step began

    def step(self, x: Tensor, gradient: Tensor) -> None:
        """Move `x`. gradient: of the loss, where `x` is now."""
        flat = gradient.flatten()
        if self._gradient is None:
            self._begin(flat)
        else:
            self._keep(flat - self._gradient)
        direction = self._direction(flat)
        shortest = (1.0 / flat.abs().sum()).clamp_max(1.0)
        length = torch.where(self._fresh, shortest, 1.0) * self._rate
        self._gradient, self._step = flat, direction * length
        self._fresh = torch.zeros_like(self._fresh)
        moved = torch.addcmul(x, direction.view_as(x), length)
        # Not where the loss rises along it, which rounding can bring about.
        x.copy_(torch.where(flat.dot(direction) > 0, x, moved))

    def restart(self, when: Tensor) -> None:
        """Forget all pairs and halve the rate where `when`, a bool on the device, is true."""
        self._fresh = self._fresh | when
        self._rate = torch.where(when, self._rate / 2, self._rate)
        self._inverses = self._inverses.masked_fill(when, 0.0)
        self._scale = torch.where(when, 1.0, self._scale)

    def _begin(self, like: Tensor) -> None:
        self._rate = torch.full_like(like[0], self._first_rate)
        self._scale = torch.ones_like(self._rate)
        self._fresh = torch.ones_like(self._rate, dtype=torch.bool)
        self._inverses = like[:0]

    def _keep(self, turn: Tensor) -> None:
        """The last step as a pair, in place of the oldest; as nothing where it bends the wrong way."""
        curvature = turn.dot(self._step)
        taught = (curvature > _LEAST_CURVATURE) & curvature.isfinite() & ~self._fresh
        if len(self._turns) == self._history:
            self._turns.pop(0)
            self._steps.pop(0)
        # Nothing times infinity would be no number.
        self._turns.append(torch.where(taught, turn, 0.0))
        self._steps.append(torch.where(taught, self._step, 0.0))
        inverse = torch.where(taught, 1.0 / curvature, 0.0)
        self._inverses = torch.cat([self._inverses, inverse[None]])[-self._history :]
        self._scale = torch.where(taught, curvature / turn.dot(turn), self._scale)

    def _direction(self, gradient: Tensor) -> Tensor:
        """−H g by the two loops. addcmul rounds once, as addition with a factor does."""
        pairs = list(zip(self._turns, self._steps, self._inverses.unbind(), strict=True))
        found = gradient.neg()
        shares = []
        for turn, step, inverse in reversed(pairs):
            shares.append(step.dot(found) * inverse)
            found.addcmul_(turn, -shares[-1])
        found = found * self._scale
        for (turn, step, inverse), share in zip(pairs, reversed(shares), strict=True):
            found.addcmul_(step, share - turn.dot(found) * inverse)
        return found
