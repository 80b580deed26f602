"""What a machine needs that shares no disk: laid out elsewhere, painted there, and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.farm.films import SIZE, run
from tests.video.clip_makers import scene, write_image
from vidstyle.events import Hooks
from vidstyle.farm import shipping
from vidstyle.farm.parts import Parts
from vidstyle.farm.shot import opened, paint_shot
from vidstyle.job import JobStore


def test_painted_where_nothing_else_is(quick: dict[str, Any], tmp_path: Path) -> None:
    """From pictures with masks, by weights of one's own, with names that begin like others."""
    mask = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    for folder in ("in", "in.masks"):
        Path(folder).mkdir()
    for index in range(6):
        write_image(Path(f"in/{index:04d}.png"), scene(*SIZE, index, seed=3 * (index // 3)))
        write_image(Path(f"in.masks/{index:04d}.png"), mask)
    settings = {**quick, "cut": 3, "mask": "in.masks/%04d.png", "passes": 2}
    run("style", "in", "style.png", "-o", "whole", **settings)
    run("shots", "in", "style.png", "-o", "out", **settings)
    run("shot", "out", 1)
    job = Path("out.vidstyle").absolute()
    cargo = shipping.packed(job, bytes)
    assert cargo.mark == shipping.mark_of(job) != shipping.mark_of(tmp_path) == ""

    root, here = tmp_path / "elsewhere", tmp_path / "here"
    root.mkdir()
    here.mkdir()
    for name in ("in", "in.masks", "style.png"):  # so that they cannot be read where they were
        Path(name).rename(here / name)
    there = shipping.unpacked(cargo, root, lambda chunk: chunk)
    assert shipping.unpacked(cargo, root, lambda chunk: chunk) == there, "once more, by another task"
    paint_shot(there, 2, Hooks())
    state = shipping.state_of(Parts.load(there).part(2).folder, set())
    assert sorted(name for name in state if name.startswith("frames-2/")) == [
        f"frames-2/0000000{index}.png" for index in (3, 4, 5)
    ]
    for name in ("in", "in.masks", "style.png"):
        (here / name).rename(name)
    with opened(JobStore.load(job), Parts.load(job).part(2)):
        shipping.take_in(Parts.load(job).part(2), state)
    run("join", "out")
    written = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    assert written == {path.name: path.read_bytes() for path in Path("whole").iterdir()}
