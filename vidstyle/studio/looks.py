"""A first look: one frame, painted small and quickly as the form asks, before the long run."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from PIL import Image

from vidstyle.errors import InputError
from vidstyle.plain import json_text, parse_json
from vidstyle.studio.frames import Frames
from vidstyle.studio.jobs import child_environment
from vidstyle.studio.requests import Asked
from vidstyle.studio.workspace import Workspace

LONGEST = 224  # pixels of a side
_KEPT = ("seed", "device", "precision", "mask", "mask_feather")  # of the options of a run
_STEPS = 24  # at the full size of a look
_STEPS_BETWEEN_PICTURES = 30
_SECONDS_BETWEEN_LOOKS = 0.2
_MOST_SECONDS = 180
_MOST_KEPT = 200  # looks, in the workspace


@dataclass(frozen=True)
class Look:
    """What there is to see. before, after: pictures of one size. seconds: that painting took; None before."""

    before: Path
    after: Path
    seconds: float | None = None


def small(asked: Asked, frame: Path | None) -> Asked:
    """The same of one frame, with all that takes long, or is about a whole clip, left out."""
    own, run, encode = asked.options[:3]
    kept = {spec.name: getattr(run, spec.name) for spec in fields(run) if spec.name in _KEPT}
    if hasattr(run, "features"):
        kept["features"] = "bundled" if run.features == "auto" else run.features
    if hasattr(run, "size"):
        kept["size"] = LONGEST
    short = type(run)(**kept)
    return replace(
        asked, source=frame if asked.source else None, options=(_quick(own), short, type(encode)())
    )


def _quick(own: Any) -> Any:
    """The options of a method for a look."""
    changes: dict[str, Any] = {}
    for spec in fields(own):
        if spec.metadata["role"] == "written":
            changes[spec.name] = spec.default
    names = {spec.name for spec in fields(own)}
    if "quality" in names:
        changes["quality"] = "draft"
    if "save_every" in names:
        changes["save_every"] = _STEPS_BETWEEN_PICTURES
    if "frames" in names:  # of what is made from no clip
        changes["frames"] = 1
    if "steps" in names and own.steps is None:
        changes["steps"] = _STEPS
    if "size" in names:
        wide, high = own.width, own.height
        scale = min(1.0, LONGEST / max(wide, high))
        changes["size"] = f"{max(16, round(wide * scale))}x{max(16, round(high * scale))}"
    return replace(own, **changes)


class Looks:
    """Makes them, in the workspace; one that was made before is shown at once."""

    def __init__(self, workspace: Workspace, frames: Frames) -> None:
        self._workspace, self._frames = workspace, frames

    def paint(self, asked: Asked, index: int, is_stale: Callable[[], bool]) -> Iterator[Look]:
        """Paint frame `index`; gives the picture as it comes, and at last as it is.

        is_stale: whether nobody wants it any more; then it ends without one, as it does where the caller
        leaves off. Raises InputError, in one line, where it fails.
        """
        self._forget_old()
        before = self._frame(asked, index)
        quick = small(asked, before)
        marks = [f"{path}:{path.stat().st_mtime_ns}" for path in quick.pictures]
        key = hashlib.sha256(json_text([*quick.arguments(""), *marks]).encode()).hexdigest()[:20]
        folder = self._workspace.folder("looks") / key
        folder.mkdir(exist_ok=True)
        output, told = folder / "look.png", folder / "events.jsonl"
        if not (output.exists() and _seconds(told)):
            shutil.rmtree(folder)
            folder.mkdir()
            yield from self._run(quick, before, folder, is_stale)
        if is_stale():
            return
        yield Look(before if asked.source else output, output, _seconds(told) or None)

    def _frame(self, asked: Asked, index: int) -> Path:
        """The frame, small, as a file; of what is made from nothing, an empty one."""
        if asked.source is None:
            return self._workspace.folder("looks")
        mark = f"{asked.source}:{asked.source.stat().st_mtime_ns}:{index}:{LONGEST}"
        place = self._workspace.folder("looks") / f"{hashlib.sha256(mark.encode()).hexdigest()[:20]}.png"
        if not place.exists():
            save_picture(self._frames.picture(asked.source, index, LONGEST), place)
        return place

    def _run(self, quick: Asked, before: Path, folder: Path, is_stale: Callable[[], bool]) -> Iterator[Look]:
        words = [*quick.arguments(folder / "look.png"), "--json-progress"]
        with (folder / "events.jsonl").open("wb") as told, (folder / "errors.txt").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "vidstyle", *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=errors,
                env=child_environment(),
            )
        try:
            shown, until = None, time.monotonic() + _MOST_SECONDS
            while process.poll() is None and not is_stale():
                newest = max(folder.glob("look_*.png"), default=None)
                if newest not in (None, shown) and quick.source is not None:
                    shown = newest
                    yield Look(before, newest)
                if time.monotonic() > until:
                    raise InputError("this look takes too long; try it on a smaller picture")
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode and not is_stale():
            raise InputError(_error(folder / "errors.txt"))

    def _forget_old(self) -> None:
        found = [path for path in self._workspace.folder("looks").iterdir() if path.is_dir()]
        found.sort(key=lambda path: path.stat().st_mtime)
        for folder in found[:-_MOST_KEPT]:
            shutil.rmtree(folder, ignore_errors=True)


def save_picture(image: Image.Image, place: Path) -> None:
    """As PNG, whole or not at all."""
    temporary = place.with_name(f".{place.name}")
    image.save(temporary, "PNG")
    temporary.replace(place)


def _seconds(told: Path) -> float:
    """That painting has taken, by the events of its process; 0 where it did not end."""
    found = 0.0
    with suppress(OSError):
        for line in told.read_bytes().split(b"\n"):
            with suppress(ValueError):
                event = parse_json(line)
                if event.get("event") == "progress" and event.get("phase") == "paint":
                    found = float(event.get("seconds_per_frame") or 0)
    return found


def _error(errors: Path) -> str:
    lines = errors.read_text(errors="replace").splitlines()
    told = [line.removeprefix("vidstyle: ") for line in lines if line.startswith("vidstyle: ")]
    return told[-1] if told else "the look was not painted, and nobody said why; see vidstyle doctor"
