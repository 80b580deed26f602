"""What `gpu` measures: seconds of painting by every method, of flow and of copies, and their memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from samples.faces import make_faces
from torch import Tensor

from benchmarks.common import SAMPLES, scratch
from benchmarks.gpu import (
    SHIFT,
    Bench,
    Row,
    a_third,
    asked,
    fault_of,
    neural,
    next_prior,
    text_of,
    untrained_raft,
)
from vidstyle.errors import VidstyleError
from vidstyle.features.vgg import VGG
from vidstyle.flow.estimators import make_estimator
from vidstyle.flow.raft import NAMES, at_hand
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.resize import resize
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import read_look
from vidstyle.looks.shipped import BASE, SHIPPED
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.methods.base import Painter
from vidstyle.methods.dfi.attribute import BetweenSets
from vidstyle.methods.dfi.cache import FeatureCache
from vidstyle.methods.dfi.features import LAYERS, SetFeatures, View
from vidstyle.methods.dfi.options import DfiOptions
from vidstyle.methods.dfi.painter import Dfi
from vidstyle.methods.dfi.sets import open_set
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.methods.style.method import METHOD as STYLE
from vidstyle.options.losses import LOSSES
from vidstyle.types import Painted, Prior
from vidstyle.video.pictures import read_picture

_STEPS = 4
_FACES = 24  # in each set
_FLOW_FAULT = 0.5  # pixels off on average, of a motion of `SHIFT`
_COPIES = 20


def copies(bench: Bench) -> Iterator[Row]:
    """A frame to the device: as it lies, and from memory that the device may read by itself."""
    frame, at = bench.frame(bench.sizes.student), text_of(bench.sizes.student)
    ways = {"pageable": frame}
    if bench.device.type == "cuda":
        ways["pinned"] = frame.pin_memory()
    for name, tensor in ways.items():
        copy = partial(_copied, tensor, bench.device)
        copy()
        there, seconds, memory = bench.measured(lambda copy=copy: [copy() for _ in range(_COPIES)], _COPIES)
        fault = "" if torch.equal(there[-1].cpu(), frame) else "not the frame"
        yield Row(f"copy a frame to the device, {name}", at, seconds * 1e3, "ms", memory, fault)


def _copied(tensor: Tensor, device: torch.device) -> Tensor:
    return tensor.to(device, non_blocking=tensor.is_pinned(), copy=True)


def students(bench: Bench) -> Iterator[Row]:
    """A shipped look at its largest claim: frames by themselves, and each laid over the one before."""
    size, at = bench.sizes.student, text_of(bench.sizes.student)
    look = next(path for name, path in SHIPPED.items() if name != BASE)
    painter = StudentPainter(Brush(read_look(look), bench.device, bench.dtype))
    frame = bench.frame(size).to(bench.device)
    painted, seconds, _ = bench.measured(lambda: painter.paint(frame, [], 0))
    bench.in_time(8 * seconds)
    count = 4 if bench.device.type == "cpu" else 30
    for name, priors in (("frames by themselves", []), ("laid over the one before", [next_prior(painted)])):
        made, each, memory = bench.measured(
            lambda priors=priors: _repeated(painter, frame, priors, count), count
        )
        yield Row(f"student, {name}", at, 1 / each, "frames/s", memory, fault_of(made.image, frame.cpu()))


def _repeated(painter: Painter, frame: Tensor, priors: list[Prior], count: int) -> Painted:
    for _ in range(count):
        made = painter.paint(frame, priors, 0)
    return made


def flow(bench: Bench) -> Iterator[Row]:
    """RAFT on the device and DIS on the processor, of a picture that moves as a whole."""
    size, at = bench.sizes.style, text_of(bench.sizes.style)
    before, after = (to_uint8(bench.frame(size, number)) for number in (0, 1))
    for name in ("dis", *NAMES):
        try:
            estimator, learnt = _estimator(bench, name)
        except VidstyleError as error:
            yield Row(f"flow, {name}", at, f"left out: {error}", "")
            continue
        _, seconds, _ = bench.measured(lambda e=estimator: e(after, before))
        bench.in_time(4 * seconds)
        vectors, each, memory = bench.measured(lambda e=estimator: [e(after, before) for _ in range(3)], 3)
        how = f"{name} on the {'processor' if name == 'dis' else bench.device.type}"
        how += "" if learnt else ", with random weights, as its own are not here"
        yield Row(f"flow, {how}", at, each, "s", memory, _flow_fault(vectors[-1], learnt))


def _estimator(bench: Bench, name: str) -> tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], bool]:
    """The estimator, and whether it knows what it does: without weights RAFT is timed with random ones."""
    given = bench.setting.flow_weights.get(name)
    if name == "dis":
        return make_estimator(name), True
    if given is not None or at_hand(name):
        return make_estimator(name, given, str(bench.device)), True
    return untrained_raft(name, bench.device), False


def _flow_fault(vectors: np.ndarray, learnt: bool) -> str:
    if not np.isfinite(vectors).all():
        return "not finite"
    if not learnt:
        return ""
    rows, columns = (slice(side // 8, side - side // 8) for side in vectors.shape[1:])
    off = float(np.hypot(vectors[0] - SHIFT, vectors[1])[rows, columns].mean())
    return "" if off < _FLOW_FAULT else f"{off:.2f} px off"


def steps(bench: Bench) -> Iterator[Row]:
    """One step of painting by every style loss."""
    network = bench.network()
    for loss in LOSSES:
        row = _step(bench, network, loss)
        bench.step = bench.step or float(row.figure)  # that of the default, which is the first
        yield row


def compiled(bench: Bench) -> Iterator[Row]:
    """The same by the default loss, with the network recorded as a graph; elsewhere a step gains nothing."""
    if bench.device.type == "cuda":
        yield _step(bench, bench.network().compile_steps(), next(iter(LOSSES)), ", compiled")


def _step(bench: Bench, network: VGG, loss: str, note: str = "") -> Row:
    size = bench.sizes.style
    frame = bench.frame(size).to(bench.device)
    prior = [_seen(frame)]
    few, many = (
        neural(bench, network, loss=loss, next_steps=steps, temporal_weight=0.0, tolerance=0.0)
        for steps in (1, 1 + _STEPS)
    )
    few.paint(frame, prior, 0)  # what is made at first, such as a graph, is not part of a step
    _, once, _ = bench.measured(lambda: few.paint(frame, prior, 0))
    bench.in_time((_STEPS + 1) * once)
    made, all_of_them, memory = bench.measured(lambda: many.paint(frame, prior, 0))
    each = max(0.0, all_of_them - once) / _STEPS
    fault = "" if bool(made.image.isfinite().all()) else "not finite"
    return Row(f"style, one step, {loss}{note}", text_of(size), each, "s", memory, fault)


def _seen(image: Tensor) -> Prior:
    return Prior(image, torch.ones_like(image[:1]))


def style(bench: Bench) -> Iterator[Row]:
    """The first frame of a shot, and one after it."""
    size, at = bench.sizes.style, text_of(bench.sizes.style)
    network = bench.network()
    painter = neural(bench, network)
    frames = [bench.frame(size, number).to(bench.device) for number in (0, 1)]
    bench.in_time(bench.step * STYLE.work(painter.options, *size).first / (size[0] * size[1]))
    first, seconds, memory = bench.measured(lambda: painter.paint(frames[0], [], 0))
    fault = fault_of(first.image, frames[0])
    yield Row(f"style, first frame, {first.steps} steps", at, seconds, "s", memory, fault)
    prior = next_prior(first)
    after, seconds, memory = bench.measured(lambda: painter.paint(frames[1], [prior], 1))
    fault = fault_of(after.image, frames[1])
    yield Row(f"style, later frame, {after.steps} steps", at, seconds, "s", memory, fault)


def tiles(bench: Bench) -> Iterator[Row]:
    """The largest size, whole and in the tiles of pictures that memory has no room for."""
    size, at = bench.sizes.large, text_of(bench.sizes.large)
    frame, network = bench.frame(size).to(bench.device), bench.network()
    found: dict[str, Tensor] = {}
    for name, tile in (("in tiles of 1024", 1024), ("whole", 0)):
        painter = neural(bench, network, next_steps=1, tile_size=tile, temporal_weight=0.0)
        if not found:
            small = bench.frame(a_third(size)).to(bench.device)
            _, seconds, _ = bench.measured(lambda p=painter, s=small: p.paint(s, [_seen(s)], 0))
            bench.in_time(18 * seconds)
        made, seconds, memory = bench.measured(lambda p=painter: p.paint(frame, [_seen(frame)], 0))
        found[name] = made.image
        fault = "" if bool(made.image.isfinite().all()) else "not finite"
        yield Row(f"style, looking once, {name}", at, seconds, "s", memory, fault)


def dfi(bench: Bench) -> Iterator[Row]:
    """Features of sets of drawn faces, and an edit by them."""
    width, height = bench.sizes.dfi
    at = text_of(bench.sizes.dfi)
    with scratch() as folder:
        make_faces(folder, _FACES, width, seed=0)
        network = bench.network()
        layers = [layer for layer in LAYERS if layer in network.layers]
        features, kept = (
            SetFeatures(network, bench.weights.digest, layers=layers, cache=cache)
            for cache in (None, FeatureCache(folder / "features"))
        )
        pictures = open_set(folder / "plain")
        summaries = partial(_exhausted, features, pictures, View((height, width)))
        summaries()
        _, each, memory = bench.measured(summaries, _FACES)
        yield Row("dfi, features of sets", at, 1 / each, "pictures/s", memory)
        origin = BetweenSets(kept, pictures, open_set(folder / "smile"))
        person = to_float(read_picture(folder / "input.png")[0]).to(bench.device)
        trial = Dfi(kept, [origin], DfiOptions(steps=2, strength=(1.5,), tolerance=0))
        trial.paint(person, [], 0)  # so that the features of the sets are at hand
        _, seconds, _ = bench.measured(lambda: trial.paint(person, [], 0))
        bench.in_time(75 * seconds)
        painter = Dfi(kept, [origin], DfiOptions(**asked(bench, DfiOptions, strength=(1.5,))))
        made, seconds, memory = bench.measured(lambda: painter.paint(person, [], 0))
        fault = "" if not torch.equal(made.image.cpu(), person.cpu()) else "the picture as it was"
        fault = fault if bool(made.image.isfinite().all()) else "not finite"
        yield Row(f"dfi, an edit, {made.steps} steps", at, seconds, "s", memory, fault)


def _exhausted(features: SetFeatures, pictures: object, view: View) -> None:
    for _ in features.summaries(pictures, view):  # type: ignore[arg-type]
        pass


def analogy(bench: Bench) -> Iterator[Row]:
    """By both routes from level to level: a first frame and one after it."""
    size, at = bench.sizes.analogy, text_of(bench.sizes.analogy)
    frames = [bench.frame(size, number).to(bench.device) for number in (0, 1)]
    exemplar = resize(to_float(read_picture(Path(SAMPLES / "watercolour.jpg"))[0]), (size[1], size[0]))
    network = bench.network()
    for route in ("warp", "deconvolve"):
        painter = Analogy(
            network, exemplar.to(bench.device), AnalogyOptions(**asked(bench, AnalogyOptions, route=route))
        )
        small = a_third(size)
        _, seconds, _ = bench.measured(
            lambda p=painter, s=small: p.paint(bench.frame(s).to(bench.device), [], 0)
        )
        bench.in_time(seconds * (9 if bench.device.type == "cpu" else 2))
        first, seconds, memory = bench.measured(lambda p=painter: p.paint(frames[0], [], 0))
        yield Row(
            f"analogy, {route}, first frame", at, seconds, "s", memory, fault_of(first.image, frames[0])
        )
        prior = next_prior(first)
        after, seconds, memory = bench.measured(lambda p=painter, b=prior: p.paint(frames[1], [b], 1))
        yield Row(
            f"analogy, {route}, later frame", at, seconds, "s", memory, fault_of(after.image, frames[1])
        )


PARTS: tuple[Callable[[Bench], Iterator[Row]], ...] = (
    copies,
    students,
    flow,
    steps,
    style,
    dfi,
    tiles,
    analogy,
    compiled,
)
