"""Training a thinner network to respond as the teacher does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.crops import Crops, Replay
from training.measures import CONTENT, STYLE, Distance, gram, gram_distance
from training.network import NAMES, POOLED, RANKS, Network, continued, outer
from vidstyle.atomic import whole

_BIAS = 0.02  # where responses have mean 1
_RIDGE = 0.02  # of the mean variance of what a layer sees, for each value per position; see `_regress`


@dataclass(frozen=True)
class Recipe:
    """How to train.

    ranks: of the student's convolutions; batch, replay: crops of `crop` pixels a step, fresh ones and ones
    that are being painted; between: weight of layers that are neither style nor content; keep: steps from
    one checkpoint to the next; positions: of which each layer's regression is made.
    """

    steps: int
    seed: int
    batch: int = 6
    replay: int = 3
    crop: int = 96
    learning_rate: float = 0.03
    between: float = 0.2
    gram: float = 4.0
    average: float = 0.998
    keep: int = 100
    positions: int = 100_000
    ranks: tuple[int, ...] = RANKS


def train(
    teacher: Network,
    pools: Sequence[Sequence[Tensor]],
    held: Tensor,
    recipe: Recipe,
    report: Callable[[str], None],
    checkpoint: Path,
    earlier: Network | None = None,
) -> Network:
    """A student that responds as the calibrated `teacher` does; not yet calibrated.

    Learns from `pools` (see `Crops`), reports its errors on `held`, (n, 3, H, W) in [0, 1]. Every layer
    begins with the map of its rank that fits best, or as in an `earlier` student up to where the two differ
    in shape; then descent goes on through all. Where the file `checkpoint` is there, it goes on from that.
    """
    torch.manual_seed(recipe.seed)
    student, distance = Network(teacher.widths, recipe.ranks), Distance(teacher, held)
    crops = Crops(pools, recipe.crop, recipe.seed)
    if not checkpoint.exists():
        kept = 0 if earlier is None else keep_alike(student, earlier)
        begin(student, teacher, crops, distance, recipe.positions, report, kept)
    run = Run(teacher, student, distance, recipe)
    replay = Replay(crops, recipe.replay)
    done = run.restore(checkpoint, crops, replay) if checkpoint.exists() else 0
    started = time.monotonic()
    for step in range(done, recipe.steps):
        run.pace(step)
        if step % max(1, recipe.steps // 50) == 0 or step == recipe.steps - 1:
            table = " ".join(f"{name} {error:.3f}" for name, error in run.evaluate(held).items())
            report(f"step {step} of {recipe.steps}, {time.monotonic() - started:.0f} s, error {table}")
        run.step(torch.cat((crops.rough(recipe.batch), replay.step(run.student))), step)
        run.follow(min(recipe.average, (step + 1) / (step + 10)))
        if (step + 1) % recipe.keep == 0:
            run.keep(checkpoint, step + 1, crops, replay)
    return run.averaged


class Run:
    """A student on its way: the networks, the optimiser, the running average of the weights."""

    def __init__(self, teacher: Network, student: Network, distance: Distance, recipe: Recipe) -> None:
        self.teacher, self.student = teacher, student
        self.distance, self.recipe = distance, recipe
        self.averaged = Network(student.widths, student.ranks).requires_grad_(False)
        self.averaged.load_state_dict(student.state_dict())
        groups = [{"params": [each], "size": _size(each.detach())} for each in student.parameters()]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=1e-5)

    def pace(self, step: int) -> None:
        """Sets the learning rates: a short warm-up, then half a cosine.

        Steps are in proportion to the weights, and the smaller the more values a channel sees: equal steps
        everywhere undo in a hundred of them what regression has found.
        """
        recipe = self.recipe
        warm = min(1.0, (step + 1) / min(50, recipe.steps))
        rate = recipe.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / recipe.steps))
        for group in self.optimiser.param_groups:
            group["lr"] = group["size"] * rate

    def keep(self, path: Path, done: int, crops: Crops, replay: Replay) -> None:
        """Writes all that is needed to go on after `done` steps."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"done": done, "replay": replay.state(), "random": crops.random.get_state()}
        with whole(path) as part:
            torch.save(state, part)

    def restore(self, path: Path, crops: Crops, replay: Replay) -> int:
        """Goes on from what `keep` has written; returns how many steps were made."""
        state = torch.load(path, weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        vars(replay).update(state["replay"])
        crops.random.set_state(state["random"])
        return int(state["done"])

    def _parts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("student", "averaged", "optimiser")}

    def step(self, pictures: Tensor, step: int) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.loss(pictures, maximum=step % 4 == 3)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimiser.step()

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        current = dict(self.student.named_parameters())
        for name, average in self.averaged.named_parameters():
            average.lerp_(current[name], 1 - decay)

    def loss(self, pictures: Tensor, maximum: bool) -> Tensor:
        with torch.no_grad():
            targets = self.teacher(pictures, maximum=maximum, linear=True)
        outputs = self.student(pictures, maximum=maximum, linear=True)
        loss = torch.zeros(())
        for name, ours in outputs.items():
            # A tenth is kept below zero: a ReLU that is never on would learn nothing.
            own = self.distance(name, F.leaky_relu(ours, 0.1), F.leaky_relu(targets[name], 0.1))
            loss = loss + (1.0 if name in STYLE + CONTENT else self.recipe.between) * own
        for name in STYLE:
            distance = gram_distance(gram(F.relu(outputs[name])), gram(F.relu(targets[name])))
            loss = loss + self.recipe.gram * distance
        return loss

    @torch.no_grad()
    def evaluate(self, pictures: Tensor) -> dict[str, float]:
        """How far the average's responses are off, as a share of the teacher's variance; its Grams too."""
        with torch.autocast("cpu", torch.bfloat16):
            targets, outputs = self.teacher(pictures), self.averaged(pictures)
        pairs = {name: (outputs[name].float(), targets[name].float()) for name in NAMES}
        errors = {name[4:]: float(self.distance(name, *pair)) for name, pair in pairs.items()}
        for name in STYLE:
            ours, theirs = pairs[name]
            errors[f"Gram {name[4:]}"] = float(gram_distance(gram(ours), gram(theirs)))
        return errors


def _size(parameter: Tensor) -> float:
    """Root mean square of weights, by the root of how many a channel has; of biases, a guess."""
    if parameter.ndim == 1:
        return _BIAS
    return float(parameter.square().mean().sqrt()) / math.sqrt(parameter[0].numel())


def keep_alike(student: Network, earlier: Network) -> int:
    """Takes over the layers of an earlier student up to the first of another shape; returns how many."""
    shapes = (zip(each.widths, each.ranks, strict=True) for each in (student, earlier))
    alike = list(takewhile(lambda pair: pair[0] == pair[1], zip(*shapes, strict=False)))
    for place in range(len(alike)):
        student.convolutions[place].load_state_dict(earlier.convolutions[place].state_dict())
    return len(alike)


@torch.no_grad()
def begin(
    student: Network,
    teacher: Network,
    crops: Crops,
    distance: Distance,
    positions: int,
    report: Callable[[str], None],
    kept: int = 0,
) -> None:
    """Starts each layer at the map of its rank that predicts the teacher's responses before ReLU best.

    What it sees are the student's own layers below, so that each makes good what those have lost. Of as many
    crops as have that many `positions` of the layer. The first `kept` layers stay as they are.
    """
    for place, convolution in list(enumerate(student.convolutions))[kept:]:
        shrunk = crops.size // 2 ** sum(name in POOLED for name in NAMES[: place + 1])
        report(f"fitting {NAMES[place]}")
        parts = crops.rough(-(-positions // shrunk**2)).split(16)
        seen = (_seen(student, teacher, part, place) for part in parts)
        _regress(convolution, seen, distance.weights[NAMES[place]].flatten().sqrt())


def _regress(convolution: nn.Module, parts: Iterator[tuple[Tensor, Tensor]], scale: Tensor) -> None:
    """Makes it the map of its rank that fits best.

    parts: inputs (k k C, positions), outputs (positions, C'). scale: (C',), of how much errors count. Reduced
    rank regression: the best linear map, seen along the principal directions of what it predicts (Izenman
    1975).
    """
    total, inner, product, mean, aim = 0, *4 * (torch.zeros((), dtype=torch.float64),)
    for inputs, outputs in parts:
        total += inputs.shape[1]
        inner, product = inner + inputs @ inputs.T, product + inputs @ outputs
        mean, aim = mean + inputs.sum(1).double(), aim + outputs.sum(0).double()
    mean, aim = mean / total, aim / total
    inner, product = inner / total - mean.outer(mean), product / total - mean.outer(aim)
    # The more values for each position, the less can be told of them.
    ridge = _RIDGE * len(mean) / total * inner.diagonal().mean()
    best = torch.linalg.solve(inner + ridge * torch.eye(len(mean)), product) * scale
    last = outer(convolution)
    if last is not convolution:
        _, directions = torch.linalg.eigh(best.T @ inner @ best)
        directions = directions[:, -last.in_channels :]
        first = convolution[0]
        first.weight.copy_((best @ directions).T.reshape(first.weight.shape))
        last.weight.copy_((directions.T / scale).T[..., None, None])
        best = best @ directions @ directions.T
    else:
        last.weight.copy_((best / scale).T.reshape(last.weight.shape))
    last.bias.copy_(aim - mean @ best / scale)


def _seen(student: Network, teacher: Network, pictures: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """What the student's layer at `place` sees, and the teacher's responses there before ReLU."""
    name = NAMES[place]
    with torch.autocast("cpu", torch.bfloat16):
        below = student(pictures, place)[NAMES[place - 1]] if place else student.normalise(pictures)
        wanted = teacher(pictures, place + 1, linear=True)[name]
    below = F.avg_pool2d(below, 2) if name in POOLED else below
    patches = F.unfold(continued(below).float(), 3)
    return patches.transpose(0, 1).flatten(1), wanted.float().transpose(0, 1).flatten(1).T
