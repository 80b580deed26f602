"""The default recipe against the classic one: how soon it reaches the classic's loss.

The classic, as common programs after Gatys, Ecker & Bethge (2016) have it: float32, the full size alone, from
the content, L-BFGS of PyTorch without line search, history 100. Network, layers, weights and loss are the
same for both; the default's pictures are judged in float32 at the full size.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.common import Clock, PaintingLoss, Setting, Table, arithmetic, painter, scratch
from vidstyle.features.recipes import Recipe
from vidstyle.features.vgg import VGG
from vidstyle.image.octaves import grain_quantiles
from vidstyle.image.resize import fit, resize
from vidstyle.losses.content import ContentLoss
from vidstyle.losses.gram import gram_distance, gram_matrix
from vidstyle.losses.variation import grain_loss, total_variation
from vidstyle.methods.style.painter import NeuralStyle

LAYERS = {"content_layers": ("relu3_2",), "style_layers": ("relu1_1", "relu2_1", "relu3_1")}


def run(setting: Setting, iterations: int = 100) -> list[Table]:
    width = setting.size or 288
    size = round(width * 2 / 3), width
    with scratch() as folder:
        plan = setting.plan(folder, **LAYERS)
        content = resize(plan.canvas.content(next(iter(plan.clip.frames(0, 1)))), size)
        loss_at = PaintingLoss(setting, folder, **LAYERS)
        rows = []
        for _ in range(setting.repeats):  # by turns, so that both meet the same machine
            seconds, picture = _classic(loss_at.painter, content, iterations)
            goal = loss_at(picture, content)["total"]
            rows.append((seconds, goal, *_default(painter(plan), content, loss_at, goal)))
    medians = [statistics.median(column) for column in zip(*rows, strict=True)]
    columns = ("", "classic, s", "its loss", "default gets there, s", "whole default, s", "its loss", "steps")
    named = [(f"run {number}", *row) for number, row in enumerate(rows, 1)]
    start = loss_at(content, content)["total"]
    verdict = f"the default reaches the classic's loss in {medians[2] / medians[0]:.2f} of its time"
    if medians[2] == math.inf:
        verdict = "the default does not reach the classic's loss"
    return [
        Table(
            f"against the classic: {size[1]}x{size[0]}, {iterations} iterations of L-BFGS, "
            f"default with {arithmetic(plan)}",
            columns,
            [*named, ("median", *medians)],
            [f"{verdict}; both start at a loss of {start:.4g}"],
        )
    ]


def _classic(method: NeuralStyle, content: Tensor, iterations: int) -> tuple[float, Tensor]:
    """Seconds, and the picture after so many iterations."""
    clock = Clock(content.device)
    with clock("classic"):
        loss = classic_loss(method.features, method.recipe, method.style.pictures[0], content)
        image = content.clone().requires_grad_(True)
        lbfgs = torch.optim.LBFGS(
            [image], max_iter=iterations, history_size=100, tolerance_grad=-1, tolerance_change=-1
        )

        def closure() -> Tensor:
            lbfgs.zero_grad()
            value = loss(image)
            value.backward()
            return value

        lbfgs.step(closure)
    return clock.total("classic"), image.detach().clamp(0, 1)


def classic_loss(features: VGG, recipe: Recipe, style: Tensor, content: Tensor) -> Callable[[Tensor], Tensor]:
    """The painting loss of a picture, float32 (3, H, W), written out for one size; default weights.

    style, content: float32 (3, h, w) and (3, H, W) in [0, 1].
    """
    height, width = style.shape[1:]
    columns, rows = fit(width, height, min(max(width, height), max(content.shape[1:])))
    shares = 1 / len(recipe.style_layers)
    with torch.no_grad():
        shown = features(content[None], recipe.content_layers)
        contents = {layer: ContentLoss(response) for layer, response in shown.items()}
        near_style = resize(style, (rows, columns))
        quantiles = grain_quantiles(near_style, content[0].numel())
        found = features(near_style[None], recipe.style_layers)
        grams = {layer: gram_matrix(response) for layer, response in found.items()}

    def loss(image: Tensor) -> Tensor:
        found = features(image[None], [*recipe.content_layers, *recipe.style_layers])
        near = [
            each.distance(each.sums(found[layer], lambda whole: whole)) for layer, each in contents.items()
        ]
        alike = [gram_distance(gram_matrix(found[layer]), target) for layer, target in grams.items()]
        rough = recipe.tv * total_variation(image) + recipe.grain * grain_loss(image, quantiles)
        return recipe.content * sum(near) / len(near) + recipe.style * shares * sum(alike) + rough

    return loss


def _default(
    method: NeuralStyle, content: Tensor, loss_at: PaintingLoss, goal: float
) -> tuple[float, float, float, int]:
    """Seconds to a picture no worse than `goal`, seconds in all, the last picture's loss, steps in all."""
    clock = Clock(content.device)
    seen: list[tuple[float, Tensor]] = []

    def note(network: torch.nn.Module, arguments: tuple[Tensor, ...]) -> None:
        image = arguments[0]
        if image.requires_grad and image.shape[-2:] == content.shape[-2:]:
            seen.append((clock.now() - started, image[0].detach().clamp(0, 1)))

    hook = method.features.register_forward_pre_hook(note)
    started = clock.now()
    painted = method.paint(content, [], seed=0)
    whole = clock.now() - started
    hook.remove()
    last = loss_at(painted.image, content)["total"]
    moments = (moment for moment, image in seen if loss_at(image, content)["total"] <= goal)
    reached = next(moments, whole if last <= goal else math.inf)
    return reached, whole, last, painted.steps
