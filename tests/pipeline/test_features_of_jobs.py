"""Which weights a job is painted with: what auto means for it, and that it keeps what it began with."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.painting import Paint, StopAfter, stopped
from vidstyle.events import Hooks
from vidstyle.features.weights import Weights, load_weights
from vidstyle.methods.analogy.options import AnalogyOptions
from vidstyle.methods.style.options import NeuralOptions
from vidstyle.methods.texture.options import TextureOptions
from vidstyle.options import EncodeOptions, MethodOptions, RunOptions
from vidstyle.pipeline import resume
from vidstyle.pipeline.plan import Request
from vidstyle.pipeline.planning import make_plan

Asked = Callable[..., tuple[str, bool]]
DRAFT = NeuralOptions(quality="draft")


@pytest.fixture
def asked(clip: Path, tmp_path: Path, thin_weights: Path) -> Asked:
    """asked(OPTIONS, SETTING=VALUE...): the weights that a run asks for, and whether for a draft."""

    def plan(options: MethodOptions, **settings: Any) -> tuple[str, bool]:
        found = []

        def load(choice: str, draft: bool, notice: Callable[[str], None]) -> Weights:
            found.append((choice, draft))
            return load_weights(str(thin_weights), draft, notice)

        source = None if isinstance(options, TextureOptions) else clip
        run = RunOptions(precision="float32", **settings)
        pictures, out = [tmp_path / "style.png"], tmp_path / "out.mp4"
        make_plan(Request(source, pictures, out, options, run, EncodeOptions(), lambda line: None, load))
        return found[0]

    return plan


@pytest.mark.parametrize(
    ("options", "draft"),
    [
        (NeuralOptions(), False),
        (DRAFT, True),
        (NeuralOptions(quality="high"), False),
        (TextureOptions(size="32", quality="draft"), True),
        (AnalogyOptions(), False),
    ],
)
def test_quality_says_what_is_a_draft(
    paint: Paint, asked: Asked, options: MethodOptions, draft: bool
) -> None:
    assert asked(options) == ("auto", draft)


def begin(paint: Paint, clip: Path, **settings: Any) -> list[str]:
    """A job stopped after a frame; what was told."""
    lines: list[str] = []
    stopped(paint, StopAfter(1), clip, "out.mp4", features="auto", notice=lines.append, **settings)
    return lines


def test_a_job_keeps_the_features_that_auto_meant(
    paint: Paint, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    with monkeypatch.context() as patch:
        patch.setattr(metadata, "distribution", missing)
        lines = begin(paint, clip)
    assert [line for line in lines if line.startswith("the bundled features are used: ")]
    # The package has been installed meanwhile.
    lines.clear()
    assert resume(tmp_path / "out.mp4.vidstyle", Hooks(notice=lines.append)).exists()
    assert "going on after 1 painted frames" in lines


def test_what_is_begun_anew_asks_anew(paint: Paint, clip: Path, tmp_path: Path, asked: Asked) -> None:
    lines = begin(paint, clip, quality="draft")
    assert "a draft is painted with the bundled features; --features vgg19 takes VGG-19" in lines
    assert asked(DRAFT) == ("bundled", True)
    assert asked(NeuralOptions(), restart=True) == ("auto", False)
    assert asked(DRAFT, features="vgg19") == ("vgg19", True)
    for frame in (tmp_path / "out.mp4.vidstyle" / "frames").iterdir():
        frame.unlink()
    assert asked(NeuralOptions()) == ("auto", False)  # nothing is painted yet: any other job may replace it
