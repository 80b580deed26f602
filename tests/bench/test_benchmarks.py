"""The benchmark script: every part at a tiny size, and that what it judges by is the painting loss."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks import (
    against_classic,
    analogy,
    balance,
    borders,
    colour,
    dfi,
    farm,
    fill,
    flow,
    guidance,
    keys,
    live,
    load,
    looks,
    losses,
    memory,
    photo,
    precision,
    stages,
    still,
    strength,
    temporal,
    texture,
    tiles,
)
from benchmarks.apart import peak_memory
from benchmarks.common import MIXED, Clock, PaintingLoss, Setting, Table

from tests.conftest import ROOT
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import find
from vidstyle.features.weights import load as load_weights
from vidstyle.types import Frame
from vidstyle.video.pictures import read_picture


def column(table: Table, name: str, by: int = 0) -> dict[str, float]:
    """A column by the cells of another one, the first."""
    at = list(table.columns).index(name)
    return {str(row[by]): row[at] for row in table.rows}


def test_stages_are_timed_and_shared_out(setting: Setting) -> None:
    shares, step = stages.run(setting)
    assert {stages.FIRST, stages.AFTER, "decode", "encode"} < set(column(shares, "s each"))
    assert all(seconds > 0 for seconds in column(shares, "s each").values())
    assert sum(float(share.rstrip("%")) for share in column(shares, "share").values()) == pytest.approx(
        100, abs=1
    )
    assert column(shares, "steps")[stages.AFTER] >= 2
    assert list(column(step, "ratio")) == ["bfloat16", "float32"]


def test_analogies_are_timed_by_level_and_judged(setting: Setting) -> None:
    times, steady = analogy.run(replace(setting, size=32))
    assert len(times.rows) == 8
    for row in times.rows:
        figures = dict(zip(times.columns, row, strict=True))
        levels = [figures[f"level {level}, s"] for level in (1, 2, 3)]
        assert all(seconds > 0 for seconds in levels) and sum(levels) < figures["first frame, s"]
    assert column(steady, "frame by frame")["clip"] > 0


def test_the_benchmarks_and_the_classic_have_one_loss(setting: Setting, tmp_path: Path) -> None:
    content, image = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    loss_at = PaintingLoss(setting, tmp_path, **against_classic.LAYERS)
    style = loss_at.painter.style.pictures[0]
    loss = against_classic.classic_loss(loss_at.painter.features, loss_at.painter.recipe, style, content)
    assert loss_at(image, content)["total"] == pytest.approx(float(loss(image)), rel=1e-5)
    assert loss_at(content, content)["content"] == 0


def test_the_classic_is_run_beside_the_default(setting: Setting) -> None:
    (table,) = against_classic.run(setting, iterations=3)
    assert [row[0] for row in table.rows] == ["run 1", "median"]
    assert 0 < column(table, "whole default, s")["run 1"] < math.inf
    assert column(table, "default gets there, s")["run 1"] > 0


def test_steadiness_is_told_beside_the_losses(setting: Setting) -> None:
    (table,) = temporal.run(setting)
    ways = [row[1] for row in table.rows]
    assert ways == ["input", *temporal.WAYS]
    errors = [row[2] for row in table.rows]
    assert all(error > 0 for error in errors[1:])
    assert table.rows[1][4] > 0


def test_the_balance_is_told_for_every_subject_in_another_style(setting: Setting, tmp_path: Path) -> None:
    (table,) = balance.run(replace(setting, size=48, frames=2))
    assert [row[1] for row in table.rows] == list(balance.PAINTED[:2])
    for _, _, style, content, *_, steps in table.rows:
        assert 0 < style < 2 and 0 < content < 2 and steps > 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 2
    image = torch.rand(3, 32, 48)
    referee = VGG(load_weights(find("vgg19")).tensors)
    assert balance.distances(referee, image, image, image)[:2] == (0, 0)
    assert balance.grain(torch.full((3, 32, 32), 0.5), None) == 0


def test_borders_are_compared_with_the_middle(setting: Setting) -> None:
    (table,) = borders.run(replace(setting, size=32, frames=1))
    assert [row[1] for row in table.rows] == [*borders.COLOURS, *2 * ["mean", "deviation"]]
    even = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert borders.profile(even) == pytest.approx(np.ones(6), abs=0.2)
    framed = even.clone()
    framed[:, 4:-4, 4:-4] = 0.5
    bands = borders.profile(framed)
    assert min(bands[:3]) > 2 and bands[-1] == 0


def test_a_shot_in_which_nothing_moves_is_painted_beside_one_that_moves(setting: Setting) -> None:
    (table,) = still.run(setting)
    assert list(column(table, "s per frame")) == ["moving", *still.GRAIN]
    assert all(value > 0.5 for value in list(column(table, "gradient energy, last / first").values())[1:])


def test_both_precisions_are_painted_and_shown(setting: Setting) -> None:
    (table,) = precision.run(setting)
    assert list(column(table, "s")) == ["float32", "bfloat16", precision.NUDGED]
    assert column(table, "most")["float32"] == 0 < column(table, "most")["bfloat16"]
    assert (setting.out / "precision.png").is_file()


def test_edits_are_timed_and_measured_by_the_truth(setting: Setting) -> None:
    speed, truth, steady = dfi.run(replace(setting, size=32), count=5)
    assert all(value > 0 for value in column(speed, "s").values())
    assert {tuple(row[:2]) for row in truth.rows} == {
        (kind, way) for kind in ("smile", "glasses") for way in ("as they lie", "on landmarks")
    }
    assert all(row[3] > 0 for row in truth.rows)
    assert list(column(steady, "x input")) == ["input", "frame after frame", "independent"]
    assert setting.out and {path.name for path in setting.out.iterdir()} >= {
        "smile0.png",
        "glasses0aligned.png",
    }


@pytest.mark.slow
def test_memory_is_that_of_a_run_of_its_own(setting: Setting) -> None:
    (table,) = memory.run(setting, lengths=(2, 4))
    peaks = column(table, "peak, MB")
    assert all(100 < peak < 2000 for peak in peaks.values())
    held = torch.ones(2**28, dtype=torch.uint8)
    assert peak_memory() > held.nbytes / 2**20


def test_every_loss_is_timed_and_measured_by_the_others(setting: Setting) -> None:
    (table,) = losses.run(setting)
    assert list(column(table, "steps")) == list(MIXED)
    for name in losses.LOSSES:
        assert all(0 <= value < 10 for value in column(table, f"{name} distance").values())


def test_textures_are_judged_by_their_seams(setting: Setting) -> None:
    stills, clips = texture.run(replace(setting, size=32))
    tiled, plain = column(stills, "seam of the tile"), column(stills, "seam of the texture")
    assert list(tiled) == list(MIXED) and tiled["gram"] < plain["gram"]
    assert all(value > 0 for value in column(clips, "of it at the seam, ×").values())


def test_strengths_are_painted_in_steps_that_are_compared(setting: Setting, tmp_path: Path) -> None:
    (table,) = strength.run(replace(setting, size=32, options={"steps": 12}))
    content, step = column(table, "content loss"), column(table, "step from the strength before")
    assert list(content) == [str(value) for value in strength.STRENGTHS]
    assert content["0.0"] < 0.01 < content["1.0"] < content["2.0"]
    assert step["0.0"] == 0 and all(value > 0 for name, value in step.items() if name != "0.0")
    assert read_picture(tmp_path / "out" / "strength_style.png")[0].shape == (3, 21, 9 * 32)


@pytest.mark.slow
def test_large_stills_are_painted_whole_and_in_tiles(setting: Setting) -> None:
    (table,) = tiles.run(setting, cases=((160, 64),))
    assert [row[2] for row in table.rows] == [64] * 4
    for row in table.rows:
        figures = dict(zip(table.columns, row, strict=True))
        assert 100 < figures["peak, MB"] < 3000
        assert 0 < figures["s per step"] < figures["s in all"]


@pytest.mark.slow
def test_steps_are_timed_beside_busy_processes(setting: Setting) -> None:
    (table,) = load.run(setting, beside=(0, 1))
    assert [tuple(row[:2]) for row in table.rows] == [(busy, way) for busy in (0, 1) for way in load.WAYS]
    assert all(seconds > 0 for row in table.rows for seconds in row[2:])
    assert [row[4] for row in table.rows if row[1] == load.ONE] == [1, 1]


def test_photographs_are_told_from_paintings(setting: Setting) -> None:
    stills, steady, palettes = photo.run(replace(setting, size=48))
    off = column(stills, "not locally affine", by=1)
    assert len(off) == 5 and all(value > 0 for value in off.values())
    assert all(value > 0 for value in column(stills, "style loss", by=1).values())
    for table, ways in ((steady, photo.WAYS), (palettes, photo.PALETTES)):
        ratios = column(table, "warping error, x input", by=1)
        assert list(ratios) == ["input", *ways] and ratios["input"] == 1
        assert all(value > 0 for value in ratios.values())
    assert setting.out and (setting.out / "photo_clip.png").is_file()


def test_the_clock_adds_up() -> None:
    clock = Clock(torch.device("cpu"))
    for _ in range(2):
        with clock("twice"):
            pass
    assert clock.total("twice") == sum(clock.seconds["twice"]) >= 2 * clock.least("twice")


def test_a_flow_is_measured_by_the_truth() -> None:
    frames = [
        Frame(np.full((3, 40, 60), grey, np.uint8), index, index, Fraction(1))
        for index, grey in enumerate((9, 9))
    ]
    seen = np.ones((40, 60), bool)
    seen[:, :15] = False

    def ahead(target: np.ndarray, source: np.ndarray) -> np.ndarray:
        return np.zeros((2, 40, 60), np.float32)

    true = np.zeros((2, 40, 60), np.float32)
    true[0, 20:] = 4.0
    pairs = [flow.Pair(*frames, flow.Truth(true, seen))]
    figures = dict(zip(flow.COLUMNS, flow.measure(ahead, pairs), strict=True))
    assert figures["EPE, px"] == 2
    assert (figures["over 1 px"], figures["over 3 px"], figures["over 5 px"]) == (0.5, 0.5, 0)
    assert (figures["reliable share"], figures["of it hidden"]) == (1, 0.25)
    assert figures["occlusion F1"] == 0 and figures["warping error"] == 0

    def aware(target: np.ndarray, source: np.ndarray) -> np.ndarray:
        """Back and forth contradict each other where nothing can be seen."""
        vectors = ahead(target, source)
        vectors[0, :, :15] = 2.0
        return vectors

    figures = dict(zip(flow.COLUMNS, flow.measure(aware, pairs), strict=True))
    assert figures["occlusion F1"] == pytest.approx(1)
    assert figures["of it hidden"] == 0


def test_estimators_that_cannot_be_had_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert "dis" in [estimator.name for estimator in flow._at_hand(Setting(device="cpu"))]
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["raft", "raft-small"]


def test_the_command_line(setting: Setting, tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts" / "bench.py")]
    wrong = subprocess.run([*script, "speed"], capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "no benchmark is called speed" in wrong.stderr
    figures = tmp_path / "figures.json"
    given = {"clip": setting.clip, "style": setting.style, "features": setting.features, "json": figures}
    arguments = [f"--{name}={value}" for name, value in given.items()]
    done = subprocess.run(
        [*script, "precision", "--quality=draft", "--repeats=1", *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "grey levels off" in done.stdout
    stored = json.loads(figures.read_text())
    assert stored["machine"]["device"] == "cpu"
    assert stored["precision"][0]["rows"][0][-1] is None  # nothing differs from itself: infinitely many dB
    assert [row[0] for row in stored["precision"][0]["rows"]][:2] == ["float32", "bfloat16"]


def test_regions_bring_each_its_own_style_and_a_map_is_carried(setting: Setting) -> None:
    painted, moved = guidance.run(replace(setting, size=48, frames=1, options={"steps": 6}))
    by_regions = {(row[0], row[1]): row[3] for row in painted.rows}
    assert by_regions["gram", 3] < by_regions["gram", 0]
    assert by_regions["gram", 1] == pytest.approx(by_regions["gram", 0], rel=0.05)
    assert all(float(share.rstrip(" %")) < 3 for share in column(moved, "wrong labels").values())


def test_looks_are_measured_beside_the_optimiser(setting: Setting) -> None:
    likeness, steadiness = looks.run(replace(setting, size=64, frames=2), names=("strokes",))
    apart, loss = (column(likeness, name, by=1) for name in ("style distance", "loss"))
    assert apart["look"] < apart["the picture itself"] and apart["optimiser"] > 0
    assert loss["optimiser, from the look"] > 0
    (_, _, carried, _), (_, _, alone, _) = steadiness.rows
    assert carried < 0.5 * alone


def test_live_painting_is_timed_by_stages(setting: Setting) -> None:
    (table,) = live.run(setting, sizes=((48, 32), (64, 48)))
    assert list(table.columns)[1:] == ["48x32", "64x48"]
    for size in table.columns[1:]:
        assert all(figure > 0 for figure in column(table, size).values())


def test_colours_are_compared_with_the_truth(setting: Setting) -> None:
    tables = colour.run(replace(setting, size=48, frames=2))
    assert [len(table.rows) for table in tables] == [3, 4, 3]
    for table in tables[:2]:
        near, colourful = (column(table, name) for name in ("PSNR, dB", "colourfulness"))
        assert near["the truth"] == pytest.approx(60) and near["grey"] < 40
        assert colourful["grey"] < 0.1 < colourful["learnt"]


def test_fillings_are_measured_against_the_truth(setting: Setting) -> None:
    found = column(fill.photo_table(replace(setting, size=48, frames=1)), "PSNR in the hole, dB")
    assert len(found) == 4 and all(5 < each < 60 for each in found.values())


def test_key_frames_are_measured_against_the_truth(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_STEPS", 10)
    (table,) = keys.run(replace(setting, size=64, frames=4, clip=None))
    exact = column(table, "PSNR of keys, dB")
    assert exact["keys"] == math.inf
    apart = [(row[0], row[1], row[2]) for row in table.rows]
    assert all(0 < distance < 30 for _, _, distance in apart)


@pytest.mark.slow
def test_a_film_is_painted_shot_by_shot(setting: Setting) -> None:
    parts, paper = farm.run(setting, shots=2)
    assert "the same result" in parts.title and "NOT" not in parts.title
    assert all(seconds > 0 for seconds in column(parts, "s").values())
    assert [row[0] for row in paper.rows] == [1, 10, 100]


def test_a_feature_film_on_paper() -> None:
    """Of 10 ms a frame for what is not shared, 10 s for painting one, and nothing to start."""
    assert farm.hours(1, 0.01, 10, 0, 0) == pytest.approx(172800 * 10.01 / 3600)
    assert farm.hours(100, 0.01, 10, 0, 0) == pytest.approx((1728 + 17280) / 3600)
    assert farm.hours(1000, 0.01, 10, 0, 0) == pytest.approx((1728 + 14400) / 3600), "the longest shot"
