"""What colour that is learnt comes to: photographs made grey, their colours guessed, and the truth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from statistics import fmean

import numpy as np
import torch
from samples import truth
from torch import Tensor

import vidstyle
from benchmarks.balance import subjects
from benchmarks.common import SAMPLES, Setting, Table, say, scratch
from vidstyle.device import pick_device, pick_dtype
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find, load
from vidstyle.image.colour import luminance
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.image.lab import to_lab
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.analogy.painter import Analogy
from vidstyle.methods.colour.file import SHIPPED, read_colours
from vidstyle.methods.colour.options import LEARNT_ON
from vidstyle.methods.colour.painter import Colouring
from vidstyle.metrics import warping_error
from vidstyle.video.pictures import read_picture, write_picture
from vidstyle.video.reader import open_clip

COLUMNS = ("way", "PSNR, dB", "share not to be told from the truth", "colourfulness", "seconds")
_JUST_NOTICEABLE = 2.3  # of distance in L*a*b*
_FRAMES = 12  # of the clip
_EXEMPLARS = 3  # pictures that are also coloured by an exemplar: that takes seconds each


@torch.no_grad()
def run(setting: Setting) -> list[Table]:
    """Pictures as of `balance`, 24 by default, at `setting.size`, 192 by default.

    By an exemplar the first few are coloured alone: by that of the others whose deepest features are most
    like theirs.
    """
    device = pick_device(setting.device)
    seen_by = VGG(load(find(LEARNT_ON)).tensors).to(device, pick_dtype("auto", device))
    truths = [subject.to(device) for _, subject in subjects(setting, setting.frames or 24)]
    deepest = torch.stack([_deepest(seen_by, luminance(truth)) for truth in truths])
    alike = (deepest @ deepest.T).fill_diagonal_(-1).argmax(1).tolist()
    network = VGG(load(find(setting.features)).tensors, "max").to(device, pick_dtype("auto", device))
    colouring = Colouring(seen_by, read_colours(SHIPPED).to(device))

    def by_exemplar(number: int) -> Tensor:
        with torch.enable_grad():
            analogy = Analogy(network, truths[alike[number]], AnalogyOptions(color_only=True), say)
            return analogy.paint(truths[number], [], 0).image

    ways: dict[str, Callable[[int], Tensor]] = {
        "grey": lambda number: luminance(truths[number]),
        "learnt": lambda number: colouring.paint(truths[number], [], 0).image,
        "by the picture most alike": by_exemplar,
        "the truth": lambda number: truths[number],
    }
    numbers = range(min(_EXEMPLARS, len(truths)))
    tables = [
        ("photographs", range(len(truths)), [way for way in ways if way != "by the picture most alike"])
    ]
    tables.append(("the first few", numbers, [*ways]))
    found = []
    for title, chosen, names in tables:
        rows = [(name, *_figures(ways[name], truths, chosen)) for name in names]
        found.append(Table(f"colour: {len(chosen)} {title}", COLUMNS, rows, ["colourfulness: Hasler (2003)"]))
    for number in numbers:
        setting.keep(f"{number:02}.png", [ways[name](number).cpu() for name in ways])
    return [*found, _steadiness(setting, colouring, min(_FRAMES, setting.frames or _FRAMES))]


def _steadiness(setting: Setting, colouring: Colouring, count: int) -> Table:
    """A rendered clip: how near its colours are to the truth, and how they change along its true motion."""
    truths = [to_float(frame.pixels) for frame in open_clip(SAMPLES / "passing.mp4").frames(0, count)]
    with scratch() as folder:
        (folder / "grey").mkdir()
        for number, each in enumerate(truths):
            write_picture(folder / "grey" / f"{number:04}.png", to_uint8(luminance(each)))
        vidstyle.colorize(folder / "grey", folder / "out", cuts=False, device=setting.device, notice=say)
        followed = [to_float(read_picture(path)[0]) for path in sorted((folder / "out").iterdir())]
    device = next(colouring.colours.parameters()).device
    ways = {
        "each frame by itself": [colouring.paint(each.to(device), [], 0).image.cpu() for each in truths],
        "learnt": followed,
        "the truth": truths,
    }
    flows = [truth.flow("passing", number, number + 1) for number in range(count - 1)]
    rows = [
        (way, *list(_figures(frames.__getitem__, truths, range(count)))[:3], _chroma_change(frames, flows))
        for way, frames in ways.items()
    ]
    columns = (*COLUMNS[:4], "change of a* and b* along the motion")
    return Table(f"colour: {count} frames of a rendered clip", columns, rows)


def _chroma_change(frames: list[Tensor], flows: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Root mean square, where the same is seen in both frames."""
    chroma = [to_lab(frame)[1:] for frame in frames]
    errors = [
        warping_error(here, there, torch.from_numpy(vectors), torch.from_numpy(visible)[None])
        for here, there, (vectors, visible) in zip(chroma, chroma[1:], flows, strict=False)
    ]
    return fmean(errors) ** 0.5 if errors else math.nan


def _figures(way: Callable[[int], Tensor], truths: list[Tensor], chosen: range) -> Iterator[float]:
    rows = []
    for number in chosen:
        began = time.perf_counter()
        made = way(number)
        seconds = time.perf_counter() - began
        true = truths[number]
        error = float((made - true).square().mean().clamp_min(1e-6))
        off = (to_lab(made) - to_lab(true))[1:].norm(dim=0)
        same = float((off < _JUST_NOTICEABLE).float().mean())
        rows.append((-10 * torch.log10(torch.tensor(error)).item(), same, _colourfulness(made), seconds))
    return (fmean(column) for column in zip(*rows, strict=True))


def _colourfulness(picture: Tensor) -> float:
    """Of a picture (3, H, W) in [0, 1], on the scale of 255 levels (Hasler & Süsstrunk 2003)."""
    red, green, blue = 255 * picture
    one, other = red - green, (red + green) / 2 - blue
    spread = (one.var() + other.var()).sqrt()
    return float(spread + 0.3 * (one.mean().square() + other.mean().square()).sqrt())


def _deepest(network: VGG, picture: Tensor) -> Tensor:
    features = network(picture[None], ["relu5_1"])["relu5_1"].float().mean((2, 3))[0]
    return features / features.norm()
