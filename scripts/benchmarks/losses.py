"""What each style loss costs, and how near it comes to the style by each of the others."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from benchmarks.common import MIXED, Clock, Setting, Table, first_frame, painter, scratch, seen
from vidstyle.methods.style.painter import NeuralStyle
from vidstyle.methods.terms import term_values
from vidstyle.options.losses import LOSSES


def run(setting: Setting) -> list[Table]:
    """The first frame from the start, and again as a frame after itself."""
    painted: dict[str, Tensor] = {}
    rows = []
    with scratch() as folder:
        for loss in MIXED:
            method, content = _method(setting, folder, loss)
            clock = Clock(content.device)
            with clock("first"):
                first = method.paint(content, [], 0)
            with clock("after"):
                method.paint(content, [seen(first.image)], 1)
            painted[loss] = first.image
            rows.append((loss, clock.total("first"), first.steps, clock.total("after")))
        distances = {loss: _distances(*_method(setting, folder, loss), painted) for loss in LOSSES}
    for loss, image in painted.items():
        setting.keep(f"{loss}.png", [image])
    height, width = content.shape[1:]
    columns = (
        "loss",
        "first frame, s",
        "steps",
        "frame after it, s",
        *(f"{name} distance" for name in distances),
    )
    table = [(*row, *(distances[name][row[0]] for name in distances)) for row in rows]
    title = f"losses: {width}x{height}, distances without weights at the layers of each loss"
    return [Table(title, columns, table)]


def _method(setting: Setting, folder: Path, loss: str) -> tuple[NeuralStyle, Tensor]:
    plan = setting.plan(folder, loss=loss, frames=":1")
    return painter(plan), first_frame(plan)


def _distances(method: NeuralStyle, content: Tensor, painted: dict[str, Tensor]) -> dict[str, float]:
    """The distance from the style of every painting, by the loss that `method` paints with."""
    (_, kind, _), *_ = method.style.parts
    found = {}
    for name, image in painted.items():
        term = method.style_term((content.shape[1], content.shape[2]))
        found[name] = float(term_values(method.features, image, {"style": term})["style"]) / kind.factor
    return found
