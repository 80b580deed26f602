"""Training a thinner network to respond as the teacher does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from training.network import LAYERS, NAMES, POOLED, Network, calibrate

# Layers kept at full width: losses look at them, and half of their channels cannot say what all of them say.
FULL = ("conv1_1", "conv2_1", "conv3_1", "conv3_4")
# Layers whose channels are the teacher's own, one by one (the first ones where the student is thinner), so
# that Grams and content distances mean the same with either network. The rest need only carry what a linear
# head can read.
DIRECT = (*FULL, "conv3_2")
STYLE = ("conv1_1", "conv2_1", "conv3_1")


@dataclass(frozen=True)
class Recipe:
    """How to train; `width` is the share of VGG-19's channels kept in the layers that are thinned."""

    steps: int
    seed: int
    width: float = 0.5
    batch: int = 16
    crop: int = 64
    replay: int = 8
    learning_rate: float = 1e-3
    anchor: float = 0.2
    first: int = 100
    begin: int = 300
    gram: float = 4.0
    average: float = 0.998

    def widths(self) -> tuple[int, ...]:
        return tuple(full if name in FULL else max(8, round(full * self.width)) for name, _, full in LAYERS)


def gram(features: Tensor) -> Tensor:
    """(n, C, h, w) -> (n, C, C), mean over positions."""
    flat = features.flatten(2)
    return (flat @ flat.transpose(1, 2)).float() / flat.shape[2]


def gram_distance(ours: Tensor, target: Tensor) -> Tensor:
    """Squared difference relative to the target's square, mean over the batch."""
    return ((ours - target).square().sum((1, 2)) / (target.square().sum((1, 2)) + 1e-6)).mean()


class Heads(nn.Module):
    """Predicts the teacher's responses: the student's own where direct, else a 1×1 convolution of them.

    A thin layer begins with the teacher's first channels, so that is where its head begins too.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.linear = nn.ModuleDict(
            {
                name: nn.Conv2d(width, full, 1)
                for (name, _, full), width in zip(LAYERS, widths, strict=True)
                if name not in DIRECT
            }
        )
        for head in self.linear.values():
            nn.init.zeros_(head.bias)
            nn.init.dirac_(head.weight)

    def forward(self, name: str, responses: Tensor) -> Tensor:
        """Responses before ReLU, (n, C, h, w); the teacher's after ReLU where predicted by a head."""
        return self.linear[name](F.relu(responses)) if name in self.linear else responses


class Distance:
    """Error of the student's responses per layer, as a share of the teacher's variance.

    Half of a channel's weight is the inverse of its own variance (rare features count too), half that of the
    layer's mean variance (features that rule a Gram matrix count more).
    """

    def __init__(self, teacher: Network, pictures: Tensor) -> None:
        self.weights: dict[str, Tensor] = {}
        with torch.no_grad():
            for name, output in teacher(pictures).items():
                variance = output.float().var((0, 2, 3))
                variance = variance.clamp_min(1e-2 * variance.mean())
                weight = 0.5 / variance + 0.5 / variance.mean()
                self.weights[name] = (weight / (weight * variance).mean()).view(1, -1, 1, 1)

    def __call__(self, name: str, predicted: Tensor, target: Tensor) -> Tensor:
        """Of responses (n, C, h, w); `predicted` may have the first channels of `target` only."""
        channels = predicted.shape[1]
        scale = self.weights[name][:, :channels].sqrt().to(predicted.dtype)
        return ((predicted - target[:, :channels]) * scale).square().mean(dtype=torch.float32)


class Crops:
    """Random crops of a pool of pictures; some roughened, as pictures are while they are being painted."""

    def __init__(self, pool: Tensor, size: int, seed: int) -> None:
        self.pool, self.size = pool, min(size, pool.shape[-1])
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, count: int) -> Tensor:
        """(count, 3, size, size) in [0, 1]."""
        room = self.pool.shape[-1] - self.size + 1
        chosen = torch.randint(len(self.pool), (count,), generator=self.random).tolist()
        corners = torch.randint(room, (count, 2), generator=self.random).tolist()
        flips = torch.randint(4, (count,), generator=self.random).tolist()
        crops = []
        for index, (top, left), flip in zip(chosen, corners, flips, strict=True):
            crop = self.pool[index, :, top : top + self.size, left : left + self.size]
            crops.append(crop.rot90(flip, (1, 2)))
        return torch.stack(crops)

    def rough(self, count: int) -> Tensor:
        """The same, a third of them with noise, a sixth seen through another."""
        crops = self(count)
        third, sixth = count // 3, count // 6
        strength = 0.25 * torch.rand(third, 1, 1, 1, generator=self.random).square()
        crops[:third] += strength * torch.randn(crops[:third].shape, generator=self.random)
        share = torch.rand(sixth, 1, 1, 1, generator=self.random)
        crops[-sixth:] = share * crops[-sixth:] + (1 - share) * self(sixth)
        return crops.clamp_(0, 1)


class Replay:
    """Pictures being painted with the student as it is now.

    An optimiser finds the specks and grain that only the student takes for style; asking the teacher about
    these very pictures teaches the student better. Each is painted for `life` steps, then another is begun.
    """

    def __init__(self, crops: Crops, count: int, life: int = 100) -> None:
        self.crops, self.life = crops, life
        self.age = torch.arange(count) * life // max(count, 1)
        self.pictures, self.targets = crops(count), crops(count)
        self.first = torch.zeros_like(self.pictures)
        self.second = torch.zeros_like(self.pictures)

    def step(self, student: Network) -> Tensor:
        """Paints one step further and returns the pictures."""
        self._renew()
        picture = self.pictures.clone().requires_grad_()
        with torch.no_grad():
            targets = {
                name: gram(output) for name, output in student(self.targets, 5).items() if name in STYLE
            }
        outputs = student(picture, 5)
        loss = sum(gram_distance(gram(outputs[name]), target) for name, target in targets.items())
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
            self.pictures[old], self.targets[old] = self.crops(len(old)), self.crops(len(old))
            self.first[old] = self.second[old] = 0
            self.age[old] = 0


def train(
    teacher: Network, pool: Tensor, held: Tensor, recipe: Recipe, report: Callable[[str], None]
) -> Network:
    """A student of `recipe.widths()` that responds as the calibrated `teacher` does; not yet calibrated.

    Learns from `pool`, reports its errors on `held`. conv1_1 and conv1_2 are learnt by descent from a random
    start, the layers above then begin with the linear maps that fit best, and descent goes on through all.
    Where torch.distributed is set up, every process takes a batch of its own and the gradients are averaged.
    """
    torch.manual_seed(recipe.seed)
    rank = dist.get_rank() if dist.is_initialized() else 0
    run = Run(teacher, Network(recipe.widths()), Heads(recipe.widths()), Distance(teacher, held), recipe)
    calibrate(run.student, held)
    crops = Crops(pool, recipe.crop, recipe.seed + 1000 * rank)
    beginning = Crops(pool, recipe.crop // 2, recipe.seed + 1000 * rank)
    with whitened(run.student.convolutions[0], run.student.normalise(held)):
        # Alone at first: conv1_2's gradient is the larger one, and conv1_1 would not come near its own aim.
        for step in run.descend(recipe.first, 0.1):
            run.step(beginning.rough(2 * recipe.batch), step, depth=1)
        for step in run.descend(recipe.begin, 1e-2):
            run.step(beginning.rough(2 * recipe.batch), step, depth=2)
    begin_deeper(run.student, teacher, Crops(pool, recipe.crop, recipe.seed), 12 * recipe.batch)
    run.averaged.load_state_dict(run.student.state_dict())
    replay = Replay(crops, recipe.replay)
    started = time.monotonic()
    for step in run.descend(recipe.steps, recipe.learning_rate):
        if rank == 0 and (step % max(1, recipe.steps // 25) == 0 or step == recipe.steps - 1):
            table = " ".join(f"{name} {error:.3f}" for name, error in run.evaluate(held).items())
            report(f"step {step} of {recipe.steps}, {time.monotonic() - started:.0f} s, error {table}")
        run.step(torch.cat((crops.rough(recipe.batch), replay.step(run.student))), step)
        run.follow(min(recipe.average, (step + 1) / (step + 10)))
    return run.averaged


class Run:
    """A student on its way: the networks, the optimiser, the running average of the weights."""

    def __init__(
        self, teacher: Network, student: Network, heads: Heads, distance: Distance, recipe: Recipe
    ) -> None:
        self.teacher, self.student, self.heads = teacher, student, heads
        self.distance, self.recipe = distance, recipe
        self.averaged = Network(recipe.widths()).requires_grad_(False)

    def descend(self, steps: int, learning_rate: float) -> Iterator[int]:
        """Steps of a fresh optimiser, each with its learning rate set."""
        self.parameters = [*self.student.parameters(), *self.heads.parameters()]
        self.optimiser = torch.optim.AdamW(self.parameters, learning_rate, weight_decay=1e-5)
        for step in range(steps):
            for group in self.optimiser.param_groups:
                group["lr"] = learning_rate * _schedule(step, steps)
            yield step

    def step(self, pictures: Tensor, step: int, depth: int = len(LAYERS)) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            loss = self.loss(pictures, depth, maximum=step % 4 == 3)
        self.optimiser.zero_grad()
        loss.backward()
        used = [parameter for parameter in self.parameters if parameter.grad is not None]
        _share_gradients(used)
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
            own = self.distance(name, F.leaky_relu(ours, 0.1), F.leaky_relu(targets[name], 0.1))
            if name in DIRECT:
                loss = loss + own
            else:
                read = self.distance(name, self.heads(name, ours), F.relu(targets[name]))
                loss = loss + read + self.recipe.anchor * own
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
            predicted = {name: F.relu(self.heads(name, outputs[name])) for name in NAMES}
            errors = {name[4:]: float(self.distance(name, predicted[name], targets[name])) for name in NAMES}
            for name in STYLE:
                distance = gram_distance(gram(F.relu(outputs[name])), gram(targets[name]))
                errors[f"Gram {name[4:]}"] = float(distance)
            return errors


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
def begin_deeper(student: Network, teacher: Network, crops: Crops, count: int) -> None:
    """Starts each layer above conv1_2 at the ridge regression from the student's layer below.

    What is fitted are the teacher's first responses before ReLU. The layers below are thinner than the
    teacher's, so its own weights are no solution.
    """
    parts = crops.rough(count).split(16)
    for place in range(2, len(LAYERS)):
        convolution = student.convolutions[place]
        inputs = convolution.in_channels * 9 + 1
        square = torch.zeros(inputs, inputs)
        product = torch.zeros(inputs, convolution.out_channels)
        for part in parts:
            patches, wanted = _regression(student, teacher, part, place)
            square.addmm_(patches, patches.T)
            product.addmm_(patches, wanted[:, : convolution.out_channels])
        ridge = 3e-3 * square.diagonal().mean() * torch.eye(inputs)
        solution = torch.linalg.solve(square + ridge, product).T
        convolution.weight.copy_(solution[:, :-1].reshape(convolution.weight.shape))
        convolution.bias.copy_(solution[:, -1])


def _regression(student: Network, teacher: Network, pictures: Tensor, place: int) -> tuple[Tensor, Tensor]:
    """Inputs of the student's layer, (9 C + 1, positions), and the teacher's responses, (positions, C')."""
    with torch.autocast("cpu", torch.bfloat16):
        below = student(pictures, place)[NAMES[place - 1]]
        wanted = teacher(pictures, place + 1, linear=True)[NAMES[place]]
    if NAMES[place] in POOLED:
        below = F.avg_pool2d(below, 2)
    patches = F.unfold(F.pad(below, (1, 1, 1, 1), mode="replicate").float(), 3).transpose(0, 1).flatten(1)
    patches = torch.cat((patches, torch.ones(1, patches.shape[1])))
    return patches, wanted.float().transpose(0, 1).flatten(1).T


def _schedule(step: int, steps: int) -> float:
    """A short warm-up, then half a cosine."""
    return min(1.0, (step + 1) / min(50, steps)) * (0.5 + 0.5 * math.cos(math.pi * step / steps))


@torch.no_grad()
def _share_gradients(parameters: Sequence[nn.Parameter]) -> None:
    if not dist.is_initialized():
        return
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters]) / dist.get_world_size()
    dist.all_reduce(flat)
    for parameter, mean in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        parameter.grad.copy_(mean.view_as(parameter))
