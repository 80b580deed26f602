"""Teaching a network a look: by pictures that were painted by optimisation, and by made-up motion.

L = 2·(1 − t)·L1 + (1 − t)·L_features + 40·L_style + 2·L_content + 10·L_time, t from 0 to 1 as it is taught:
the first two against the painted pictures at the same places, L_style between Gram matrices of what is seen
of them, L_time against the earlier painting where it holds, of the new picture and of both together.
Of pictures that nobody has painted L_style is that of all that was painted, and L_content, which is of these
alone, takes the place of the first two. By a style loss alone a network of this size lays a mesh over plain
areas: where the strokes lie has to be shown. By the painted pictures to the end it paints the mean of all
strokes that might lie there: grey.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.features.vgg import VGG
from vidstyle.image.warp import warp
from vidstyle.looks.network import Student, laid_over
from vidstyle.looks.noise import some_noise
from vidstyle.looks.recolouring import recoloured
from vidstyle.losses.gram import gram_distance, gram_matrix
from vidstyle.methods.student.motion import Moment, sequence

SIDE = 160
"""Of what is painted in a step, in pixels."""
_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
_SUBJECT = "relu4_1"
_RATE, _WARM = 1.5e-3, 30  # of Adam, and steps until it is reached
_BETAS = (0.9, 0.99)
_ROLLOUTS, _LONGEST = 0.2, 4  # share of the steps with more than two frames, and how many at most
_TAUGHT = 2  # frames of them, the last ones; those before only lead there
_MOST_OF_A_GRADIENT = 1.0


@dataclass(frozen=True)
class Balance:
    """What the terms of the loss weigh. fades: whether what is painted counts less and less, see above."""

    l1: float = 2.0
    features: float = 1.0
    style: float = 40.0
    content: float = 2.0
    time: float = 10.0
    fades: bool = True


BY_HAND = Balance(l1=6.0, features=6.0, style=10.0, content=0.0, fades=False)
"""Of frames that are painted by hand, of which others are to be as they are (after Texler et al. 2020)."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """A picture and what it looks like painted, float32 (3, H, W) in [0, 1]; None where nobody knows.

    style: which of the network's it is painted in.
    """

    content: Tensor
    painted: Tensor | None = None
    style: int = 0


class Training:
    """Adam over lessons. A step depends on the seed, its number and the state alone: it goes on to the bit.

    palettes: of each style, that its pictures are recoloured to. steps: in all, by which the rate falls.
    network: for the loss. at: number of the next step. flow: whether it is to paint over what it has painted
    before; without, it sees no noise, which would lie on the picture like dust on a lens. balance: of the
    loss. noise: whether there is any to make strokes of; without, plain areas stay plain.
    """

    def __init__(
        self,
        student: Student,
        network: VGG,
        lessons: Sequence[Lesson],
        palettes: Sequence[Tensor],
        *,
        steps: int,
        seed: int = 0,
        flow: bool = True,
        balance: Balance | None = None,
        noise: bool = True,
    ) -> None:
        self._balance = balance or Balance()
        self.student, self.network, self.steps, self.seed, self.at = student, network, steps, seed, 0
        self._flow, self._noise = flow, flow and noise
        seen = [replace(each, content=recoloured(each.content, palettes[each.style])) for each in lessons]
        of_style = [[each for each in seen if each.style == style] for style in range(student.styles)]
        self._shown = [[each for each in own if each.painted is not None] for own in of_style]
        self._alone = [[each for each in own if each.painted is None] for own in of_style]
        self._device = next(student.parameters()).device
        self._layers = [layer for layer in _LAYERS if layer in network.layers]
        self._subject = _SUBJECT if _SUBJECT in self._layers else self._layers[-1]
        self._wanted = [self._gram_of(own) for own in self._shown]
        self._adam = torch.optim.Adam(student.parameters(), _RATE, _BETAS)

    def step(self) -> dict[str, Tensor]:
        """One step; the terms of the loss, weighted. To read them waits for a GPU."""
        random = torch.Generator().manual_seed((self.seed << 32) + self.at)
        style = self.at % self.student.styles
        for group in self._adam.param_groups:
            group["lr"] = self._rate()
        # Every other step is of pictures that nobody has painted, if there are any.
        alone = bool(self._alone[style]) and (self.at // self.student.styles) % 2 == 1
        terms = self._terms(self._alone[style] if alone else self._shown[style], style, random)
        self._adam.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), _MOST_OF_A_GRADIENT)
        self._adam.step()
        self.at += 1
        return {name: term.detach() for name, term in terms.items()}

    def state(self) -> dict[str, Tensor]:
        """All that the next step depends on."""
        found = {"at": torch.tensor(self.at)}
        for name, weight in self.student.named_parameters():
            found[f"weight.{name}"] = weight.detach()
            for key in ("exp_avg", "exp_avg_sq"):
                found[f"{key}.{name}"] = self._adam.state[weight].get(key, torch.zeros_like(weight))
        return {name: tensor.contiguous() for name, tensor in found.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state. Raises KeyError or ValueError for one of another network."""
        self.at = int(state["at"])
        for name, weight in self.student.named_parameters():
            if state[f"weight.{name}"].shape != weight.shape:
                raise ValueError(f"{name} has another size")
            kept = {"step": torch.tensor(float(self.at))}
            for key in ("exp_avg", "exp_avg_sq"):
                kept[key] = torch.empty_like(weight).copy_(state[f"{key}.{name}"])
            weight.data.copy_(state[f"weight.{name}"])
            self._adam.state[weight] = kept

    def _rate(self) -> float:
        """Rises in `_WARM` steps, then falls along a cosine."""
        warm = min(1.0, (self.at + 1) / _WARM)
        return _RATE * warm * (0.5 + 0.5 * math.cos(math.pi * self._progress))

    @property
    def _progress(self) -> float:
        return min(1.0, self.at / self.steps)

    def _terms(self, lessons: Sequence[Lesson], style: int, random: torch.Generator) -> dict[str, Tensor]:
        moments = self._moments(lessons, random)
        painted = paintings(self.student, moments, style, self._flow, self._noise)[-_TAUGHT:]
        moments = moments[-_TAUGHT:]
        one = int(torch.randint(len(painted), (1,), generator=random))
        seen = self.network(painted[one].image, self._layers)
        weights = self._balance
        terms = {"time": weights.time * painted[-1].unsteadiness(moments[-1].holds)}
        targets = [moment.painted[None] for moment in moments if moment.painted is not None]
        if not targets:
            with torch.no_grad():
                subject = self.network(moments[one].content[None], [self._subject])[self._subject]
            return terms | {
                "style": weights.style * self._style(seen, self._wanted[style]),
                "content": weights.content * _distance(seen[self._subject], subject),
            }
        with torch.no_grad():
            wanted = self.network(targets[one], self._layers)
        off = [(each.image - target).abs().mean() for each, target in zip(painted, targets, strict=True)]
        far = [_distance(seen[layer], wanted[layer]) for layer in self._layers]
        grams = {layer: gram_matrix(found) for layer, found in wanted.items()}
        shown = 1 - self._progress if weights.fades else 1.0
        return terms | {
            "l1": shown * weights.l1 * torch.stack(off).mean(),
            "features": shown * weights.features * torch.stack(far).mean(),
            "style": weights.style * self._style(seen, grams),
        }

    def _moments(self, lessons: Sequence[Lesson], random: torch.Generator) -> list[Moment]:
        which = torch.randint(len(lessons), (2,), generator=random).tolist()
        under, over = (self._layers_of(lessons[i], random) for i in which)
        length = int(torch.randint(_TAUGHT, _LONGEST + 1, (1,), generator=random))
        if float(torch.rand(1, generator=random)) > _ROLLOUTS:
            length = _TAUGHT
        return [each.on(self._device) for each in sequence(under, over, SIDE, length, random)]

    def _layers_of(self, lesson: Lesson, random: torch.Generator) -> list[Tensor]:
        """A picture, noise as it may lie on it, and the painting, if there is one."""
        height, width = lesson.content.shape[1:]
        found = [lesson.content, some_noise(height, width, random)]
        return found if lesson.painted is None else [*found, lesson.painted]

    def _style(self, seen: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
        each = [gram_distance(gram_matrix(seen[layer]), wanted[layer]) for layer in self._layers]
        return torch.stack(each).mean()

    @torch.no_grad()
    def _gram_of(self, lessons: Sequence[Lesson]) -> dict[str, Tensor]:
        """Mean Gram matrices of what was painted."""
        found = [
            self.network(each.painted[None].to(self._device), self._layers)
            for each in lessons
            if each.painted is not None
        ]
        return {
            layer: torch.stack([gram_matrix(each[layer]) for each in found]).mean(0) for layer in found[0]
        }


@dataclass(frozen=True, eq=False)
class Frame:
    """A moment painted, all float32 (1, 3, H, W). new: by itself. earlier: the one before, warped into it."""

    image: Tensor
    new: Tensor
    earlier: Tensor

    def unsteadiness(self, holds: Tensor) -> Tensor:
        """c ((y − ω)² + (x − ω)²), a mean."""
        off = (self.image - self.earlier).square() + (self.new - self.earlier).square()
        return (holds * off).mean()


def paintings(
    student: Student, moments: Sequence[Moment], style: int, flow: bool = True, noisy: bool = True
) -> list[Frame]:
    """Each moment painted after the one before; without `flow` by itself. noisy: of noise, too.

    Only the last ones have gradients; others lead there.
    """
    found: list[Frame] = []
    for k, moment in enumerate(moments):
        frame, holds = moment.content[None], moment.holds[None]
        earlier = torch.zeros_like(frame) if moment.worn is None else moment.worn[None]
        with torch.set_grad_enabled(k >= len(moments) - _TAUGHT):
            if found:
                earlier = warp(found[-1].image, moment.vectors, "spline")
            noise = moment.noise[None, :, ::2, ::2]
            new = student.new(frame, noise if noisy else torch.zeros_like(noise), style)
            found.append(Frame(laid_over(new, earlier, holds) if flow else new, new, earlier))
    return found


def _distance(seen: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference, by the mean square of what is wanted."""
    return F.mse_loss(seen.float(), wanted.float()) / wanted.float().square().mean().clamp_min(1e-12)
