"""Training a thinner network to respond as the teacher does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from training.crops import Crops, Replay
from training.measures import STYLE, Distance, gram, gram_distance
from training.network import LAYERS, NAMES, POOLED, STUDENT, Network

# How many channels are the teacher's first ones, one by one, so that Grams and content distances mean the
# same with either network. The others need only carry what a linear head can read.
DIRECT = {
    "conv1_1": 64,
    "conv2_1": 128,
    "conv3_1": 256,
    "conv3_2": 64,
    "conv4_1": 512,
    "conv4_2": 96,
    "conv5_1": 512,
}
_BIAS = 0.02  # where responses have mean 1


@dataclass(frozen=True)
class Recipe:
    """How to train.

    widths: channels of the student's layers; batch, replay: crops of `crop` pixels a step, fresh ones and
    ones that are being painted; first, begin: steps in which conv1_1 learns alone and with conv1_2; keep:
    steps from one checkpoint to the next.
    """

    steps: int
    seed: int
    batch: int = 6
    replay: int = 3
    crop: int = 96
    learning_rate: float = 0.15
    anchor: float = 0.2
    first: int = 100
    begin: int = 300
    gram: float = 4.0
    average: float = 0.998
    keep: int = 100
    widths: tuple[int, ...] = STUDENT


class Heads(nn.Module):
    """Predicts the teacher's responses: the student's own where it has all, else a 1×1 convolution of them.

    A thin layer begins with the teacher's first channels, so that is where its head begins too.
    """

    def __init__(self, widths: tuple[int, ...], teacher: tuple[int, ...]) -> None:
        super().__init__()
        self.linear = nn.ModuleDict(
            {
                name: nn.Conv2d(width, full, 1)
                for name, width, full in zip(NAMES, widths, teacher, strict=True)
                if name not in STYLE
            }
        )
        for head in self.linear.values():
            nn.init.zeros_(head.bias)
            nn.init.dirac_(head.weight)

    def forward(self, name: str, responses: Tensor) -> Tensor:
        """Responses before ReLU, (n, C, h, w); the teacher's after ReLU where predicted by a head."""
        return self.linear[name](F.relu(responses)) if name in self.linear else responses


def train(
    teacher: Network,
    pools: Sequence[Sequence[Tensor]],
    held: Tensor,
    recipe: Recipe,
    report: Callable[[str], None],
    checkpoint: Path,
) -> Network:
    """A student that responds as the calibrated `teacher` does; not yet calibrated.

    Learns from `pools` (see `Crops`), reports its errors on `held`, (n, 3, H, W) in [0, 1]. conv1_1 and
    conv1_2 are learnt by descent from a random start, the layers above then begin with the linear maps that
    fit best, and descent goes on through all. Where the file `checkpoint` is there, it goes on from that.
    """
    torch.manual_seed(recipe.seed)
    heads = Heads(recipe.widths, teacher.widths())
    run = Run(teacher, Network(recipe.widths), heads, Distance(teacher, held), recipe)
    crops = Crops(pools, recipe.crop, recipe.seed)
    if not checkpoint.exists():
        _begin(run, teacher, pools, held)
    replay = Replay(crops, recipe.replay)
    done = run.descend()
    if checkpoint.exists():
        done = run.restore(checkpoint, crops, replay)
    started = time.monotonic()
    for step in range(done, recipe.steps):
        run.pace(recipe.learning_rate, step, recipe.steps)
        if step % max(1, recipe.steps // 50) == 0 or step == recipe.steps - 1:
            table = " ".join(f"{name} {error:.3f}" for name, error in run.evaluate(held).items())
            report(f"step {step} of {recipe.steps}, {time.monotonic() - started:.0f} s, error {table}")
        run.step(torch.cat((crops.rough(recipe.batch), replay.step(run.student))), step)
        run.follow(min(recipe.average, (step + 1) / (step + 10)))
        if (step + 1) % recipe.keep == 0:
            run.keep(checkpoint, step + 1, crops, replay)
    return run.averaged


def _begin(run: Run, teacher: Network, pools: Sequence[Sequence[Tensor]], held: Tensor) -> None:
    """Brings the student to where descent through all its layers begins."""
    recipe = run.recipe
    beginning = Crops(pools, recipe.crop // 2, recipe.seed)
    with whitened(run.student.convolutions[0], run.student.normalise(held[:64])):
        # Alone at first: conv1_2's gradient is the larger one, and conv1_1 would not come near its own aim.
        for depth, (steps, rate) in enumerate(((recipe.first, 2.0), (recipe.begin, 0.3)), start=1):
            run.descend()
            for step in range(steps):
                run.pace(rate, step, steps)
                run.step(beginning.rough(6 * recipe.batch), step, depth)
    crops = Crops(pools, recipe.crop, recipe.seed)
    begin_deeper(run.student, teacher, crops, 40 * recipe.batch, run.heads)
    # Whitening has left another layout, by which last bits would tell a run that was stopped from one that
    # was not.
    run.student.to(memory_format=torch.channels_last)
    run.averaged.load_state_dict(run.student.state_dict())


class Run:
    """A student on its way: the networks, the optimiser, the running average of the weights."""

    def __init__(
        self, teacher: Network, student: Network, heads: Heads, distance: Distance, recipe: Recipe
    ) -> None:
        self.teacher, self.student, self.heads = teacher, student, heads
        self.distance, self.recipe = distance, recipe
        self.averaged = Network(student.widths()).requires_grad_(False)

    def descend(self) -> int:
        """Begins anew with a fresh optimiser; returns how many steps it has made.

        Steps are in proportion to the weights, and the smaller the more values a channel sees: equal steps
        everywhere undo in a hundred of them what regression has found.
        """
        # By name: whitening leaves them in another order, and a checkpoint knows them by their places.
        parts = (dict(part.named_parameters()) for part in (self.student, self.heads))
        self.parameters = [part[name] for part in parts for name in sorted(part)]
        sizes = [_size(each.detach()) for each in self.parameters]
        groups = [{"params": [each], "size": size} for each, size in zip(self.parameters, sizes, strict=True)]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=1e-5)
        return 0

    def pace(self, learning_rate: float, step: int, steps: int) -> None:
        """Sets the learning rate: a short warm-up, then half a cosine."""
        warm = min(1.0, (step + 1) / min(50, steps))
        for group in self.optimiser.param_groups:
            group["lr"] = (
                group["size"] * learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * step / steps))
            )

    def keep(self, path: Path, done: int, crops: Crops, replay: Replay) -> None:
        """Writes all that is needed to go on after `done` steps."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {"done": done, "replay": replay.state(), "random": crops.random.get_state()}
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def restore(self, path: Path, crops: Crops, replay: Replay) -> int:
        """Goes on from what `keep` has written; returns how many steps were made."""
        state = torch.load(path, weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        vars(replay).update(state["replay"])
        crops.random.set_state(state["random"])
        return int(state["done"])

    def _parts(self) -> dict[str, Any]:
        parts = ("student", "averaged", "heads", "optimiser")
        return {name: getattr(self, name) for name in parts}

    def step(self, pictures: Tensor, step: int, depth: int = len(LAYERS)) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.loss(pictures, depth, maximum=step % 4 == 3)
        self.optimiser.zero_grad()
        loss.backward()
        used = [parameter for parameter in self.parameters if parameter.grad is not None]
        nn.utils.clip_grad_norm_(used, 1.0)
        self.optimiser.step()

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        current = dict(self.student.named_parameters())
        for name, average in self.averaged.named_parameters():
            average.lerp_(current[name], 1 - decay)

    def loss(self, pictures: Tensor, depth: int, maximum: bool) -> Tensor:
        with torch.no_grad():
            targets = self.teacher(pictures, depth, maximum, linear=True)
        outputs = self.student(pictures, depth, maximum, linear=True)
        loss = torch.zeros(())
        for name, ours in outputs.items():
            # A tenth is kept below zero: a ReLU that is never on would learn nothing.
            count = DIRECT.get(name, ours.shape[1])
            own = self.distance(name, F.leaky_relu(ours[:, :count], 0.1), F.leaky_relu(targets[name], 0.1))
            loss = loss + (own if name in DIRECT else self.recipe.anchor * own)
            if name not in STYLE:
                loss = loss + self.distance(name, self.heads(name, ours), F.relu(targets[name]))
        for name in STYLE:
            if name in outputs:
                ours, theirs = gram(F.relu(outputs[name])), gram(F.relu(targets[name]))
                loss = loss + self.recipe.gram * gram_distance(ours, theirs)
        return loss

    @torch.no_grad()
    def evaluate(self, pictures: Tensor) -> dict[str, float]:
        """What the average does not predict, as a share of the teacher's variance; distances of its Grams."""
        with torch.autocast("cpu", torch.bfloat16):
            targets, outputs = self.teacher(pictures), self.averaged(pictures, linear=True)
            targets = {name: each.float() for name, each in targets.items()}
            predicted = {name: F.relu(self.heads(name, outputs[name])) for name in NAMES}
            errors = {name[4:]: float(self.distance(name, predicted[name], targets[name])) for name in NAMES}
            for name in STYLE:
                distance = gram_distance(gram(F.relu(outputs[name])), gram(targets[name]))
                errors[f"Gram {name[4:]}"] = float(distance)
            return errors


def _size(parameter: Tensor) -> float:
    """Root mean square of weights, by the root of how many a channel has; of biases, a guess."""
    if parameter.ndim == 1:
        return _BIAS
    return float(parameter.square().mean().sqrt()) / math.sqrt(parameter[0].numel())


class _Whitening(nn.Module):
    """Weights (C', C, 3, 3) for inputs whose patches have been made uncorrelated, of equal variance."""

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        patches = F.unfold(inputs, 3).transpose(0, 1).flatten(1)
        values, vectors = torch.linalg.eigh(patches @ patches.T / patches.shape[1])
        scale = (values + 1e-4 * values.mean()).sqrt()
        self.register_buffer("forth", vectors / scale @ vectors.T)
        self.register_buffer("back", vectors * scale @ vectors.T)

    def forward(self, weight: Tensor) -> Tensor:
        return (weight.flatten(1) @ self.forth).reshape(weight.shape)

    def right_inverse(self, weight: Tensor) -> Tensor:
        return (weight.flatten(1) @ self.back).reshape(weight.shape)


@contextmanager
def whitened(convolution: nn.Conv2d, inputs: Tensor) -> Iterator[None]:
    """Descent sees weights for whitened patches meanwhile: fine detail is faint in them, and learnt last."""
    parametrize.register_parametrization(convolution, "weight", _Whitening(inputs))
    yield
    parametrize.remove_parametrizations(convolution, "weight")


@torch.no_grad()
def begin_deeper(
    student: Network, teacher: Network, crops: Crops, count: int, heads: Heads | None = None
) -> None:
    """Starts each layer above conv1_2 at the ridge regression from the student's layer below; then the heads.

    What is fitted are the teacher's first responses before ReLU. The layers below are thinner than the
    teacher's, so its own weights are no solution.
    """
    parts = crops.rough(count).split(16)
    for place in range(2, len(student.convolutions)):
        convolution = student.convolutions[place]
        _regress(convolution, (_below(student, teacher, part, place) for part in parts))
    for name, head in (heads.linear if heads is not None else {}).items():
        _regress(head, (_beside(student, teacher, part, NAMES.index(name)) for part in parts))


def _regress(convolution: nn.Conv2d, parts: Iterator[tuple[Tensor, Tensor]]) -> None:
    """Makes it the linear map that fits best; parts: inputs (k k C, positions), outputs (positions, C')."""
    size = convolution.weight[0].numel() + 1
    square, product = torch.zeros(size, size), torch.zeros(size, convolution.out_channels)
    for inputs, outputs in parts:
        inputs = torch.cat((inputs, torch.ones(1, inputs.shape[1])))
        square.addmm_(inputs, inputs.T)
        product.addmm_(inputs, outputs[:, : convolution.out_channels])
    ridge = 3e-3 * square.diagonal().mean() * torch.eye(size)
    solution = torch.linalg.solve(square + ridge, product).T
    convolution.weight.copy_(solution[:, :-1].reshape(convolution.weight.shape))
    convolution.bias.copy_(solution[:, -1])


def _below(student: Network, teacher: Network, pictures: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """What the student's layer at `place` sees, and the teacher's responses there before ReLU."""
    with torch.autocast("cpu", torch.bfloat16):
        below = student(pictures, place)[NAMES[place - 1]]
        wanted = teacher(pictures, place + 1, linear=True)[NAMES[place]]
    if NAMES[place] in POOLED:
        below = F.avg_pool2d(below, 2)
    patches = F.unfold(F.pad(below, (1, 1, 1, 1), mode="replicate").float(), 3)
    return patches.transpose(0, 1).flatten(1), _positions(wanted).T


def _beside(student: Network, teacher: Network, pictures: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """What a head at `place` sees, and the teacher's responses there."""
    with torch.autocast("cpu", torch.bfloat16):
        ours, theirs = (network(pictures, place + 1)[NAMES[place]] for network in (student, teacher))
    return _positions(ours), _positions(theirs).T


def _positions(responses: Tensor) -> Tensor:
    """(n, C, h, w) -> float32 (C, positions)."""
    return responses.float().transpose(0, 1).flatten(1)
