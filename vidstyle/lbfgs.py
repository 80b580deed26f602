"""L-BFGS with steps of one length (Nocedal & Wright 2006, algorithm 7.4), without a look at the device.

Bit for bit what torch.optim.LBFGS does without a line search on the CPU. That reads two numbers from the
device for every pair it keeps, some fifty a step, and a GPU that is read from has nothing to do until the
next operation reaches it. Here all numbers stay where they are but the one that `step` is told.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST_CURVATURE = 1e-10


class LBFGS:
    """Moves one tensor by its gradients. history: pairs kept. rate: length of a step, in directions found.

    The first step goes no further than `rate` in the sum of all changes.
    """

    def __init__(self, history: int, rate: float) -> None:
        self._history, self._rate = history, rate
        self._turns: list[Tensor] = []  # y, by how much the gradient changed
        self._steps: list[Tensor] = []  # s, by how much the tensor did
        self._inverses: list[Tensor] = []  # 1 / y·s
        self._scale: Tensor | float = 1.0
        self._gradient: Tensor | None = None  # where the last step began

    def curvature(self, gradient: Tensor) -> Tensor:
        """y·s of the step that led here, a number on the device; 0 before the first.

        gradient: of the loss, where the tensor is now. `step` has to be told the value.
        """
        if self._gradient is None:
            return torch.zeros((), device=gradient.device, dtype=gradient.dtype)
        self._turn = gradient.flatten() - self._gradient
        return self._turn.dot(self._step)

    def step(self, x: Tensor, gradient: Tensor, curvature: Tensor, value: float) -> None:
        """Move `x`. curvature, value: what `curvature` gave, on the device and read from it."""
        flat = gradient.flatten()
        if self._gradient is None:
            direction = flat.neg()
            length = (1.0 / flat.abs().sum()).clamp_max(1.0) * self._rate
        else:
            if value > _LEAST_CURVATURE:
                self._keep(curvature)
            direction = self._direction(flat)
            length = torch.full_like(curvature, self._rate)
        self._gradient, self._step = flat, direction * length
        moved = torch.addcmul(x, direction.view_as(x), length)
        # Not where the loss rises along it, which rounding can bring about.
        x.copy_(torch.where(flat.dot(direction) > 0, x, moved))

    def _keep(self, curvature: Tensor) -> None:
        """The last step as a pair, in place of the oldest."""
        if len(self._turns) == self._history:
            for each in (self._turns, self._steps, self._inverses):
                each.pop(0)
        self._turns.append(self._turn)
        self._steps.append(self._step)
        self._inverses.append(1.0 / curvature)
        self._scale = curvature / self._turn.dot(self._turn)

    def _direction(self, gradient: Tensor) -> Tensor:
        """−H g by the two loops. addcmul rounds once, as addition with a factor does."""
        pairs = list(zip(self._turns, self._steps, self._inverses, strict=True))
        found = gradient.neg()
        shares = []
        for turn, step, inverse in reversed(pairs):
            shares.append(step.dot(found) * inverse)
            found.addcmul_(turn, -shares[-1])
        found = found * self._scale
        for (turn, step, inverse), share in zip(pairs, reversed(shares), strict=True):
            found.addcmul_(step, share - turn.dot(found) * inverse)
        return found
