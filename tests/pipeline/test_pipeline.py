"""The spine on tiny clips with a thin network: stopped and resumed, cut, judged, refused."""

from __future__ import annotations

import itertools
import shutil
import time
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.pipeline.painting import (
    Paint,
    StopAfter,
    StopWhileEncoding,
    assert_resumes,
    assert_same,
    pictures,
    stopped,
    stored,
)
from tests.video.clip_makers import make_video, packets, scene, write_image
from vidstyle.errors import InputError, JobMismatch, OutputError, UsageError
from vidstyle.events import Progress
from vidstyle.flow.files import write_flo
from vidstyle.job import JobStore
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.options import EncodeOptions, RunOptions
from vidstyle.pipeline import painting, planning, resume
from vidstyle.pipeline.painting import warning
from vidstyle.pipeline.plan import Request
from vidstyle.pipeline.planning import make_plan
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip


def test_a_clip_keeps_its_times_and_its_sound(paint: Paint, tmp_path: Path) -> None:
    times = [0, 3, 4, 9, 10, 17]
    clip = make_video(tmp_path / "v.mp4", size=(48, 32), pts=times, count=6, audio=("aac",))
    out = paint(clip, "out.mp4")
    before, after = (list(open_clip(path).frames()) for path in (clip, out))
    assert [f.pts_seconds for f in after] == [f.pts_seconds for f in before]
    assert packets(out, "audio") == packets(clip, "audio")
    assert (after[0].width, after[0].height) == (48, 32)
    assert not np.array_equal(after[0].pixels, before[0].pixels)


@pytest.mark.parametrize("look", [{}, {"color": "match"}, {"color": "histogram"}, {"photo": True}])
def test_stopped_at_every_frame_and_resumed_it_is_the_same(
    paint: Paint, clip: Path, tmp_path: Path, look: dict[str, object]
) -> None:
    assert assert_resumes(partial(paint, clip), [2] + [1] * 6, **look) == tmp_path / "parts.mkv"


@pytest.mark.parametrize("suffix", [".gif", ".apng", ".webp"])
def test_an_animation_is_the_same_after_a_stop_too(
    paint: Paint, clip: Path, tmp_path: Path, suffix: str
) -> None:
    whole = paint(clip, f"whole{suffix}", frames=":4")
    for hook in (StopAfter(2), StopWhileEncoding()):
        stopped(paint, hook, clip, f"parts{suffix}", frames=":4")
        assert not (tmp_path / f"parts{suffix}").exists()
    assert resume(tmp_path / f"parts{suffix}.vidstyle").read_bytes() == whole.read_bytes()
    whole.write_bytes(b"mine")
    shutil.rmtree(tmp_path / f"whole{suffix}.vidstyle")
    with pytest.raises(OutputError, match="--overwrite"):
        paint(clip, f"whole{suffix}", frames=":4")
    assert whole.read_bytes() == b"mine"


@pytest.mark.parametrize("output", ["out.mp4", "out.gif", "out", "made/%04d.png"])
def test_what_a_run_killed_while_writing_has_left_is_cleared(
    paint: Paint, clip: Path, tmp_path: Path, output: str
) -> None:
    whole = tmp_path / output
    for path in (whole, whole.parent) if "%" in output else (whole,):
        left = path.with_name(f".{path.stem}.0123abcd{path.suffix}")
        left.parent.mkdir(exist_ok=True)
        left.touch() if path.suffix in (".mp4", ".gif") else left.mkdir()
    paint(clip, output, frames=":2")
    assert list(tmp_path.rglob(".*.0123abcd*")) == []


def test_frames_left_by_a_run_killed_while_giving_them_up_are_given_up(
    paint: Paint, clip: Path, tmp_path: Path
) -> None:
    paint(clip, "out.mp4", keep=True)
    made = (tmp_path / "out.mp4").stat().st_mtime_ns
    paint(clip, "out.mp4", keep=True)
    assert len(stored(tmp_path / "out.mp4.vidstyle")) == 8
    paint(clip, "out.mp4")
    assert stored(tmp_path / "out.mp4.vidstyle") == {}
    assert (tmp_path / "out.mp4").stat().st_mtime_ns == made


class TestFlow:
    """Where flow comes from, and that it counts among what makes a job this job."""

    def frames(self, paint: Paint, clip: Path, tmp_path: Path, **settings: Any) -> dict[str, bytes]:
        paint(clip, "out.mp4", keep=True, restart=True, **settings)
        return stored(tmp_path / "out.mp4.vidstyle")

    def test_every_option_of_it_reaches_the_painting(self, paint: Paint, clip: Path, tmp_path: Path) -> None:
        plain = self.frames(paint, clip, tmp_path)
        for settings in ({"flow": "farneback"}, {"flow_size": 24}, {"trust_dilate": 9}, {"trust_soften": 9}):
            assert self.frames(paint, clip, tmp_path, **settings) != plain

    def test_what_auto_meant_when_a_job_began_is_kept(
        self, paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr(planning, "estimator_for", lambda name, weights, device: "farneback")
            stopped(partial(paint, clip), StopAfter(3), "out.mp4", notice=told.append)
        assert "flow is found by farneback on the GPU (--flow)" in told
        paint(clip, "out.mp4", keep=True)
        job = tmp_path / "out.mp4.vidstyle"
        assert JobStore.load(job).settings["flow"] == "farneback"
        gone_on = stored(job)
        assert gone_on == self.frames(paint, clip, tmp_path, flow="farneback")
        assert gone_on != self.frames(paint, clip, tmp_path)  # anew, on this machine

    def test_stored_flow_counts_by_its_content(self, paint: Paint, clip: Path, tmp_path: Path) -> None:
        folder = tmp_path / "flows"
        folder.mkdir()
        for index in range(1, 8):
            write_flo(folder / f"backward_{index}_{index - 1}.flo", np.zeros((2, 32, 48), np.float32))
            write_flo(folder / f"forward_{index - 1}_{index}.flo", np.zeros((2, 32, 48), np.float32))
        missing = folder / "backward_5_4.flo"
        content = missing.read_bytes()
        missing.unlink()
        with pytest.raises(InputError, match=r"backward_5_4\.flo is missing"):
            paint(clip, "out.mp4", flow_dir=str(folder))
        missing.write_bytes(content)  # and it goes on, also from elsewhere
        folder.rename(tmp_path / "moved")
        paint(clip, "out.mp4", flow_dir=str(tmp_path / "moved"))
        write_flo(tmp_path / "moved" / "backward_1_0.flo", np.ones((2, 32, 48), np.float32))
        with pytest.raises(JobMismatch, match="--flow-dir moved has changed"):
            paint(clip, "out.mp4", flow_dir=str(tmp_path / "moved"))
        with pytest.raises(JobMismatch, match="flow_dir: moved -> not set"):
            paint(clip, "out.mp4", flow="dis")

    def test_no_file_at_all_is_told_before_painting(self, paint: Paint, clip: Path, tmp_path: Path) -> None:
        (tmp_path / "bare").mkdir()
        with pytest.raises(InputError, match=r"backward_3_2\.flo is missing"):
            paint(clip, "out.mp4", flow_dir=str(tmp_path / "bare"), frames="2:6")
        assert not (tmp_path / "out.mp4.vidstyle").exists()
        paint(clip, "one.png", flow_dir=str(tmp_path / "bare"), frames="2:3")
        paint(clip, "alone.mp4", flow_dir=str(tmp_path / "bare"), independent=True)

    def test_other_weights_of_raft_are_another_job(self, paint: Paint, clip: Path, tmp_path: Path) -> None:
        from torchvision.models.optical_flow import raft_small

        network = raft_small(weights=None)
        weights = tmp_path / "raft.pth"
        for seed in range(2):
            torch.manual_seed(seed)
            torch.nn.init.normal_(network.update_block.flow_head.conv2.bias)
            torch.save(network.state_dict(), weights)
            settings = {"flow": "raft-small", "flow_weights": "raft.pth", "frames": ":2"}
            if seed == 0:
                paint(clip, "out.mp4", **settings)
        with pytest.raises(JobMismatch, match=r"--flow-weights raft\.pth has changed"):
            paint(clip, "out.mp4", **settings)

    def test_a_job_finds_its_flow_from_another_directory(
        self, paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "flows").mkdir()
        for a, b, way in ((1, 0, "backward"), (0, 1, "forward"), (2, 1, "backward"), (1, 2, "forward")):
            write_flo(tmp_path / "flows" / f"{way}_{a}_{b}.flo", np.zeros((2, 32, 48), np.float32))
        stopped(paint, StopAfter(1), clip, "out.mp4", flow_dir="flows", frames=":3")
        monkeypatch.chdir(tmp_path.parent)
        assert resume(tmp_path / "out.mp4.vidstyle").is_file()


def test_nothing_is_carried_across_a_cut(paint: Paint, clip: Path, tmp_path: Path) -> None:
    """From the cut on, the clip is painted as if nothing came before."""
    paint(clip, "whole.mp4", cut=(5,), keep=True)
    paint(clip, "tail.mp4", frames="5:", keep=True)
    paint(clip, "uncut.mp4", keep=True)
    whole, tail, uncut = (stored(tmp_path / f"{name}.mp4.vidstyle") for name in ("whole", "tail", "uncut"))
    assert list(tail) == [f"{index:08d}.png" for index in (5, 6, 7)]
    assert all(whole[name] == tail[name] for name in tail)
    assert all(uncut[name] != tail[name] for name in tail)
    marks = (tmp_path / "whole.mp4.vidstyle" / "shots").iterdir()
    assert sorted(path.name for path in marks) == ["00000000", "00000005"]


def test_a_hard_cut_is_found(paint: Paint, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    scenes = [cv2.resize(rng.integers(0, 255, (5, 7, 3), np.uint8), (48, 32)) for _ in range(2)]
    folder = tmp_path / "frames"
    folder.mkdir()
    for index in range(12):
        write_image(folder / f"{index}.png", scenes[index >= 7])
    paint(folder, "found", keep=True)
    paint(folder, "ignored", cuts=False, keep=True)
    marks = [
        sorted(int(p.name) for p in (tmp_path / f"{n}.vidstyle/shots").iterdir())
        for n in ("found", "ignored")
    ]
    assert marks == [[0, 7], [0]]


def test_independent_frames_do_not_depend_on_each_other(paint: Paint, clip: Path, tmp_path: Path) -> None:
    paint(clip, "all.mp4", independent=True, keep=True)
    paint(clip, "one.mp4", independent=True, keep=True, frames="6:7")
    name = "00000006.png"
    assert stored(tmp_path / "all.mp4.vidstyle")[name] == stored(tmp_path / "one.mp4.vidstyle")[name]


def test_a_frame_range_begins_at_zero(paint: Paint, clip: Path) -> None:
    out = list(open_clip(paint(clip, "part.mp4", frames="2:5")).frames())
    assert [frame.pts_seconds for frame in out] == [Fraction(index, 25) for index in range(3)]


def test_a_still_keeps_size_and_transparency(paint: Paint, tmp_path: Path) -> None:
    image = np.random.default_rng(2).integers(0, 255, (33, 47, 4), np.uint8)
    write_image(tmp_path / "still.png", image)
    result = cv2.imread(str(paint(tmp_path / "still.png", "out.png")), cv2.IMREAD_UNCHANGED)
    assert result.shape == (33, 47, 4) and result.dtype == np.uint8
    assert np.array_equal(result[..., 3], image[..., 3])
    deep = cv2.imread(
        str(paint(tmp_path / "still.png", "deep.png", bit_depth=16, size=24)), cv2.IMREAD_UNCHANGED
    )
    assert deep.shape == (17, 24, 4) and deep.dtype == np.uint16


def test_the_same_command_again_has_nothing_to_do(paint: Paint, clip: Path, tmp_path: Path) -> None:
    out = paint(clip, "out.mp4")
    made = out.stat().st_mtime_ns
    assert stored(tmp_path / "out.mp4.vidstyle") == {}, "the frames are given back once the result is whole"
    lines: list[str] = []
    paint(clip, "out.mp4", notice=lines.append)
    assert out.stat().st_mtime_ns == made and any("nothing to do" in line for line in lines)
    out.unlink()
    assert paint(clip, "out.mp4", notice=lines.append).exists()
    assert any("painting anew" in line for line in lines)


def test_other_encoding_needs_no_new_painting(paint: Paint, clip: Path) -> None:
    paint(clip, "out.mp4", keep=True)
    events: list[Progress] = []
    paint(clip, "out.mp4", keep=True, crf=40, progress=events.append)
    assert {event.phase for event in events} == {"encode"}


def test_other_settings_are_refused_and_restart_starts_over(paint: Paint, clip: Path) -> None:
    paint(clip, "out.mp4")
    with pytest.raises(JobMismatch, match=r"style_weight: 1\.0 -> 2\.0"):
        paint(clip, "out.mp4", style_weight=2.0)
    other = {"flow": "farneback", "flow_size": 24, "trust_dilate": 2, "trust_soften": 3}
    told = "flow: dis -> farneback; flow_size: not set -> 24; trust_dilate: 0 -> 2; trust_soften: 0 -> 3"
    with pytest.raises(JobMismatch, match=told):
        paint(clip, "out.mp4", **other)
    assert paint(clip, "out.mp4", style_weight=2.0, restart=True).exists()


def test_nothing_of_the_users_is_replaced_unasked(paint: Paint, clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "out.mp4"
    other.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"out\.mp4 exists; give another name, or --overwrite"):
        paint(clip, "out.mp4")
    assert other.read_bytes() == b"precious"
    assert len(pictures(paint(clip, "out.mp4", overwrite=True))) == 8
    for name in ("style.png", "start.png"):
        write_image(tmp_path / "start.png", np.zeros((8, 8, 3), np.uint8))
        with pytest.raises(UsageError, match=f"{name} is read by this run"):
            paint(tmp_path / "style.png", name, overwrite=True, init="start.png")


def test_a_long_run_is_foretold(paint: Paint, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    paint(clip, "short.mp4", notice=lines.append)
    assert not [line for line in lines if "will take" in line]
    monkeypatch.setattr(painting, "warning", lambda canvas, seconds, left: warning(canvas, 1600.0, left))
    monkeypatch.setattr(painting, "_LEAST_SIZE", 16)
    paint(clip, "long.mp4", notice=lines.append)
    # After two frames of eight: 6 * 1600 s at 48 px; a third of the side takes a ninth.
    assert [line for line in lines if "will take" in line] == [
        "this will take about 2 h 40 min more on cpu; --size 16 would take about 17 min 47 s; "
        "--fast is several times quicker"
    ]
    lines.clear()
    paint(clip, "mapped.mp4", notice=lines.append, photo=True)
    assert [line for line in lines if "will take" in line] and "--fast" not in " ".join(lines)


def test_progress_counts_to_the_end(paint: Paint, clip: Path) -> None:
    events: list[Progress] = []
    paint(clip, "out.mp4", progress=events.append)
    painted = [event for event in events if event.phase == "paint"]
    assert [(e.done, e.total, e.frame) for e in painted] == [(i + 1, 8, i) for i in range(8)]
    assert all(e.loss is not None and e.steps >= 2 and e.seconds_per_frame for e in painted)
    assert painted[-1].seconds_left == 0


def test_going_on_does_not_decode_all_that_lies_before(
    paint: Paint, tmp_path: Path, decoded: list[int]
) -> None:
    clip = make_video(tmp_path / "long.mp4", size=(32, 32), count=260, options={"g": "12"})
    settings: dict[str, Any] = {"history": (1,), "steps": 1, "next_steps": 1, "flow": "none", "cuts": False}
    for count in (240, 3):
        decoded.clear()
        stopped(paint, StopAfter(count), clip, "out.mp4", **settings)
    assert len(decoded) < 200  # the longest fade, two seek points and groups of pictures, and what is ahead


def test_planning_decodes_no_more_than_the_beginning(
    tmp_path: Path, style: Path, thin_weights: Path, decoded: list[int]
) -> None:
    """However long the clip is: its length is what its header says."""
    clip = make_video(tmp_path / "long.mp4", size=(32, 32), count=600, options={"preset": "ultrafast"})
    options = NeuralOptions(), RunOptions(features=str(thin_weights)), EncodeOptions()
    plan = make_plan(Request(clip, [style], tmp_path / "out.mp4", *options, lambda line: None))
    assert plan.total == 600 and plan.fingerprint["source"]["digest"]
    assert 0 < len(decoded) < 40


def test_the_clock_may_jump(paint: Paint, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = paint(clip, "whole.mp4")
    times = itertools.cycle([2e9, 0.0, 1e9, 5e9])
    monkeypatch.setattr(time, "time", lambda: next(times))
    stopped(paint, StopAfter(4), clip, "out.mp4")
    events: list[Progress] = []
    assert_same(paint(clip, "out.mp4", progress=events.append), whole)
    assert all(event.seconds_left is None or 0 <= event.seconds_left < 1e7 for event in events)


@pytest.mark.parametrize(("output", "codec"), [("out.mov", "prores"), ("out.webm", "auto"), ("out", "auto")])
def test_what_is_transparent_stays_so_and_what_it_hides_is_not_painted(
    paint: Paint, tmp_path: Path, output: str, codec: str
) -> None:
    alpha = np.full((1, 32, 48), 255, np.uint8)
    alpha[:, 8:24, 10:30] = 0
    results = []
    for name, hidden in (("dark", 0), ("bright", 255)):
        (tmp_path / name).mkdir()
        for index in range(2):
            pixels = scene(48, 32, index).transpose(2, 0, 1).copy()
            pixels[:, alpha[0] == 0] = hidden
            write_picture(tmp_path / name / f"{index}.png", pixels, alpha)
        results.append(open_clip(paint(tmp_path / name, f"{name}{output}", codec=codec)))
    for dark, bright in zip(*(result.frames() for result in results), strict=True):
        assert dark.alpha is not None and np.array_equal(dark.pixels, bright.pixels)
        found = dark.alpha * (255 / np.iinfo(dark.alpha.dtype).max)
        assert float(np.abs(found - alpha).max()) <= 4
