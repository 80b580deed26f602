"""What a student learns from: crops of pictures, and pictures that are being painted with it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from training.measures import CONTENT, STYLE, gram, gram_distance
from training.network import NAMES, Network


class Crops:
    """Random crops of pictures; some roughened, as pictures are while they are being painted.

    pools: uint8 pictures (3, H, W), no side shorter than `size`; each pool has an equal share in the crops.
    """

    def __init__(self, pools: Sequence[Sequence[Tensor]], size: int, seed: int) -> None:
        self.pools, self.size = pools, size
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, count: int) -> Tensor:
        """(count, 3, size, size) in [0, 1]."""
        return torch.stack([self._one() for _ in range(count)]).float().div_(255)

    def _one(self) -> Tensor:
        pool = self.pools[self._below(len(self.pools))]
        picture = pool[self._below(len(pool))]
        top, left = (self._below(side - self.size + 1) for side in picture.shape[1:])
        crop = picture[:, top : top + self.size, left : left + self.size]
        return crop.flip(2) if self._below(2) else crop

    def _below(self, bound: int) -> int:
        return int(torch.randint(bound, (), generator=self.random))

    def rough(self, count: int) -> Tensor:
        """The same, a third of them with noise, a sixth seen through another."""
        crops = self(count)
        third, sixth = count // 3, count // 6
        strength = 0.25 * torch.rand(third, 1, 1, 1, generator=self.random).square()
        crops[:third] += strength * torch.randn(crops[:third].shape, generator=self.random)
        share = torch.rand(sixth, 1, 1, 1, generator=self.random)
        mixed = slice(third, third + sixth)
        if sixth:
            crops[mixed] = share * crops[mixed] + (1 - share) * self(sixth)
        return crops.clamp_(0, 1)


class Replay:
    """Pictures being painted with the student as it is now.

    An optimiser finds the specks and grain that only the student takes for style; asking the teacher about
    these very pictures teaches the student better. Each is painted for `life` steps, then another is begun.
    """

    def __init__(self, crops: Crops, count: int, life: int = 100) -> None:
        self.crops, self.life = crops, life
        self.age = torch.arange(count) * life // max(count, 1)
        self.subjects, self.styles = crops(count), crops(count)
        self.pictures = self.subjects.clone()
        self.first = torch.zeros_like(self.pictures)
        self.second = torch.zeros_like(self.pictures)

    def state(self) -> dict[str, Tensor]:
        """All that it needs to go on."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}

    def step(self, student: Network) -> Tensor:
        """Paints one step further and returns the pictures."""
        self._renew()
        picture = self.pictures.clone().requires_grad_()
        with torch.no_grad():
            targets = {k: gram(each) for k, each in student(self.styles).items() if k in STYLE}
            kept = student(self.subjects, NAMES.index(CONTENT[-1]) + 1)
        outputs = student(picture)
        loss = sum(gram_distance(gram(outputs[name]), target) for name, target in targets.items())
        for name in CONTENT:
            loss = loss + (outputs[name] - kept[name]).square().mean() / kept[name].square().mean()
        (slope,) = torch.autograd.grad(loss * len(picture), picture)
        self.first.lerp_(slope, 0.1)
        self.second.lerp_(slope.square(), 0.01)
        age = (self.age + 1).view(-1, 1, 1, 1)
        stride = self.first / (1 - 0.9**age) / ((self.second / (1 - 0.99**age)).sqrt() + 1e-12)
        self.pictures = (self.pictures - 0.03 * stride).clamp_(0, 1)
        self.age += 1
        return self.pictures

    def _renew(self) -> None:
        old = (self.age >= self.life).nonzero().flatten()
        if len(old):
            self.subjects[old], self.styles[old] = self.crops(len(old)), self.crops(len(old))
            self.pictures[old] = self.subjects[old]
            self.first[old] = self.second[old] = 0
            self.age[old] = 0
