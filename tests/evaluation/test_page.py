"""The page and the table: complete, readable figures, and nothing that needs a network."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.evaluation.clips import MakeClip, Measure, moving, scene
from vidstyle.evaluation import Evaluation
from vidstyle.evaluation.page import page
from vidstyle.evaluation.plots import SERIES, heat_map, plots
from vidstyle.evaluation.table import ABSENT, remark, rows, significant, summary
from vidstyle.video.pictures import encode_png

VOID = {"meta", "img", "br"}


@pytest.fixture
def found(make_clip: MakeClip, measure: Measure, tmp_path: Path) -> Evaluation:
    """Two painted clips, one with a name that must not become a tag, with a cut at frame 8."""
    frames = [*moving(8), *moving(12, 9)]
    style = tmp_path / "style.png"
    style.write_bytes(encode_png((scene(seed=3) * 255).astype(np.uint8)))
    noisy = [
        frame + 0.02 * np.random.default_rng(i).normal(size=frame.shape) for i, frame in enumerate(frames)
    ]
    clips = [make_clip("<b>&.mp4", noisy), make_clip("copy", frames)]
    return measure(make_clip("original", frames), clips, style, cut=(8,), worst=2)


class Checker(HTMLParser):
    """Collects attributes that could lead outside, and checks that every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_elsewhere(found: Evaluation) -> None:
    text = page(found)
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(checker.tags)
    assert "http" not in text and "@import" not in text and "//" not in re.sub(r"base64,[^\"]*", "", text)
    assert all(link.startswith(("#", "data:image/jpeg;base64,")) for link in checker.links)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert "&lt;b&gt;&amp;.mp4" in text and "<b>" not in text


def test_inner_names_of_the_drawings_do_not_collide(found: Evaluation) -> None:
    names = [re.findall(r'id="([^"]*)"', plot.svg) for plot in plots(found)]
    clips = [name for drawing in names for name in drawing if name.startswith("p")]
    assert len(clips) == len(set(clips)) == len(names)


def test_every_measure_is_drawn_for_every_clip(found: Evaluation) -> None:
    drawn = plots(found)
    assert len(drawn) == 13
    assert [plot.title for plot in drawn[2:4]] == [
        "Warping error by contrast to the next frame",
        "Warping error by contrast 10 frames on",
    ]
    for plot in drawn:
        assert all(f"var(--series-{at})" in plot.svg for at in (1, 2))
        assert "#0102" not in plot.svg and 'width="' not in plot.svg.split(">")[0]
    assert "dotted: cuts" in drawn[0].svg
    assert page(found) == page(found)


def test_more_clips_than_colours_begin_again(found: Evaluation) -> None:
    many = replace(found, stylized=[found.stylized[0]] * (SERIES + 3))
    assert f"--series-{SERIES - 1}" in page(many) and f"--series-{SERIES})" not in page(many)
    css = page(many).split("</style>")[0]
    assert f"--series-{SERIES - 1}:" in css and f"--series-{SERIES}:" not in css


def test_the_worst_pairs_are_shown(found: Evaluation) -> None:
    text = page(found)
    pictures = re.findall(r"base64,([^\"]*)", text)
    assert len(pictures) == 2 * 2 * 4  # clips, pairs, pictures of each
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(pictures[0]), np.uint8), cv2.IMREAD_COLOR)
    worst = found.stylized[0].worst[0]
    expected = scene(worst.frame) if worst.frame < 8 else scene(worst.frame - 8, 9)
    assert np.abs(shown[..., ::-1] / 255 - expected.transpose(1, 2, 0)).mean() < 0.03
    assert f"painted, frame {worst.frame + 1}" in text
    assert "Worst pairs" not in page(replace(found, stylized=[replace(c, worst=[]) for c in found.stylized]))


def test_stills_have_a_page_without_plots_of_pairs(tmp_path: Path, measure: Measure) -> None:
    still = tmp_path / "still.png"
    still.write_bytes(encode_png((scene() * 255).astype(np.uint8)))
    found = measure(still, still)
    assert plots(found)[0].title == "Content loss"
    assert "1 frame, 64x48" in page(found)


def test_the_table_states_the_floor_and_the_style_loss_beside_the_warping_error(found: Evaluation) -> None:
    table = {row.label: row.cells for row in rows(found)}
    labels = list(table)
    assert labels[:2] == ["warping error, next frame", "… relative to the original"]
    assert all(len(cells) == 3 for cells in table.values())
    assert table["… relative to the original"][0] == table["… relative to the original"][2] == "1.00"
    assert float(table["… relative to the original"][1]) > 1
    assert ABSENT not in table["style loss"] and remark(found) == ""
    assert "2 shots" in summary(found) and "frames 0 to 19 (20)" in summary(found)


def test_a_missing_style_picture_is_named(make_clip: MakeClip, measure: Measure) -> None:
    clip = make_clip("clip", moving(2))
    found = measure(clip, clip)
    assert {row.label: row.cells for row in rows(found)}["style loss"] == [ABSENT, ABSENT]
    assert "--style" in remark(found) and "--style" in page(found)


def test_clips_of_one_name_are_told_apart(found: Evaluation) -> None:
    twice = replace(found, stylized=[replace(found.stylized[0], path=f"{at}/out.mp4") for at in "ab"])
    assert twice.names == ["original", "a/out.mp4", "b/out.mp4"]


def test_significant_digits_without_exponents() -> None:
    values = (0, 123.4, 12.34, 1.0, 0.001234, -0.5)
    assert [significant(value) for value in values] == ["0", "123", "12.3", "1.00", "0.00123", "-0.500"]
    assert significant(float("inf")) == ABSENT


def test_the_heat_map_runs_from_dark_to_light_and_marks_what_is_unknown() -> None:
    change = np.array([[0, 0.5, 1, 2, np.nan]], np.float32)
    colours = heat_map(change, 1.0)[:, 0].astype(int)
    light = colours.sum(axis=0)
    assert light[0] < light[1] < light[2] == light[3]
    assert list(colours[:, 4]) == [127, 127, 127]
    assert heat_map(np.zeros((2, 2), np.float32), 0.0).max() < 10
