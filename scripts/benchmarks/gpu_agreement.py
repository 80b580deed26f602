"""How far the device is from the CPU: the same in float32 on both, within tolerances that are stated.

A GPU adds up in another order, and where TF32 is not forbidden it rounds what a convolution reads to ten
bits, so that features differ by a thousandth. A search that goes on long enough makes any difference one of
where strokes lie: what is painted is therefore compared after few steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from benchmarks.gpu import Bench, Row, asked, neural, next_prior, text_of, untrained_raft
from vidstyle.device import pick_device
from vidstyle.features.vgg import VGG
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import resize
from vidstyle.image.warp import warp
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import read_look
from vidstyle.looks.shipped import BASE, SHIPPED
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.options.losses import LOSSES

_STEPS = 5


def all_of_it(bench: Bench) -> Iterator[Row]:
    """Each computation on the CPU and on the device."""
    both = {device: bench.network(device=device, dtype=torch.float32) for device in (CPU, bench.device)}
    yield _row(bench, "features", 0.01, "of their size", lambda d: _features(bench, both[d]), _relative)
    yield _row(bench, "resize and warp", 0.001, "at most", lambda d: _warped(bench, d), _most)
    for loss in LOSSES:
        # A patch that has two nearest ones may be pulled to the other.
        tolerance = 0.2 if loss == "patch" else 0.05
        yield _row(
            bench,
            f"four steps by {loss}",
            tolerance,
            "of the change",
            lambda d, loss=loss: _stepped(bench, both[d], loss),
            _relative,
        )
    yield _row(bench, "style, first frame", 1.0, "grey levels", lambda d: _styled(bench, both[d]), _grey)
    yield _row(bench, "style, later frame", 1.0, "grey levels", lambda d: _after(bench, both[d]), _grey)
    yield _row(bench, "analogy", 6.0, "grey levels", lambda d: _analogous(bench, both[d]), _grey)
    yield _row(bench, "student", 0.5, "grey levels", lambda d: _student(bench, d, torch.float32), _grey)
    if bench.dtype != torch.float32:
        name = f"student in {str(bench.dtype).removeprefix('torch.')} beside float32"
        exact = partial(_student, bench, CPU, torch.float32)
        quick = partial(_student, bench, bench.device, bench.dtype)
        yield _row(bench, name, 4.0, "grey levels", lambda d: quick(), _grey, exact)
    yield _row(bench, "raft-small, untrained", 0.05, "of its length", lambda d: _flow(bench, d), _relative)


CPU = pick_device("cpu")


def _row(
    bench: Bench,
    name: str,
    tolerance: float,
    unit: str,
    compute: Callable[[torch.device], Tensor],
    off: Callable[[Tensor, Tensor], float],
    exact: Callable[[], Tensor] | None = None,
) -> Row:
    """exact: what it is to be near, if that is not computed in the same way on the CPU."""
    there, here = compute(bench.device).cpu(), exact() if exact else compute(CPU)
    far = off(there.double(), here.double())
    fault = "" if far <= tolerance else f"more than {tolerance:g}"  # also of what is not a number
    at = text_of(bench.sizes.agreement)
    return Row(f"off the CPU: {name} (up to {tolerance:g})", at, far, unit, fault=fault)


def _relative(there: Tensor, here: Tensor) -> float:
    return float((there - here).norm() / here.norm())


def _most(there: Tensor, here: Tensor) -> float:
    return float((there - here).abs().max())


def _grey(there: Tensor, here: Tensor) -> float:
    return float((there - here).abs().mean() * 255)


@torch.no_grad()
def _features(bench: Bench, network: VGG) -> Tensor:
    deepest = network.layers[-1]
    return network(_frame(bench, network)[None], [deepest])[deepest].float()


def _frame(bench: Bench, network: VGG, number: int = 0) -> Tensor:
    return bench.frame(bench.sizes.agreement, number).to(next(network.parameters()).device)


def _warped(bench: Bench, device: torch.device) -> Tensor:
    frame = bench.frame(bench.sizes.agreement).to(device)
    vectors = resize(frame[:2] * 8 - 4, (frame.shape[1], frame.shape[2]))
    return resize(warp(frame, vectors, "spline"), (frame.shape[1] * 2 // 3, frame.shape[2] * 2 // 3))


def _stepped(bench: Bench, network: VGG, loss: str) -> Tensor:
    """What a few steps change in the frame as it is: Adam's are all of one length, whatever the loss."""
    frame = _frame(bench, network)
    painter = neural(bench, network, loss=loss, steps=4, optimizer="adam", strength=0.0, tolerance=0.0)
    return painter.paint(frame, [], 0).image - frame


def _styled(bench: Bench, network: VGG) -> Tensor:
    painter = neural(bench, network, steps=_STEPS, tolerance=0.0)
    return painter.paint(_frame(bench, network), [], 0).image


def _after(bench: Bench, network: VGG) -> Tensor:
    painter = neural(bench, network, steps=1, next_steps=_STEPS, tolerance=0.0)
    first = painter.paint(_frame(bench, network), [], 0)
    return painter.paint(_frame(bench, network, 1), [next_prior(first)], 0).image


def _analogous(bench: Bench, network: VGG) -> Tensor:
    # So small that a CPU, too, compares all places with one another: a GPU does so for longer.
    frame = _frame(bench, network)
    exemplar = resize(bench.style.to(frame), (frame.shape[1], frame.shape[2]))
    options = AnalogyOptions(**asked(bench, AnalogyOptions, route="warp", match_size=96))
    return Analogy(network, exemplar, options).paint(frame, [], 0).image


def _student(bench: Bench, device: torch.device, dtype: torch.dtype) -> Tensor:
    look = next(path for name, path in SHIPPED.items() if name != BASE)
    painter = StudentPainter(Brush(read_look(look), device, dtype))
    return painter.paint(bench.frame(bench.sizes.agreement).to(device), [], 0).image


def _flow(bench: Bench, device: torch.device) -> Tensor:
    estimator = untrained_raft("raft-small", device)
    before, after = (to_uint8(bench.frame(bench.sizes.agreement, number)) for number in (0, 1))
    return torch.from_numpy(estimator(after, before))
