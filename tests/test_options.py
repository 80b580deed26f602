"""Every setting tells all about itself: what a job is, and what it keeps, follows from that alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import vidstyle
from vidstyle.errors import UsageError
from vidstyle.methods.registry import METHODS, command
from vidstyle.options import (
    EncodeOptions,
    EvaluateOptions,
    FeaturesOptions,
    FlowOptions,
    RunOptions,
    at_home,
    by_role,
    files_read,
    from_json,
)
from vidstyle.options.base import ROLES, Checked, file_option, option

KINDS = [
    *(command(name).options for name in METHODS),
    *(command(name).run for name in METHODS),
    *(RunOptions, EncodeOptions, FlowOptions, EvaluateOptions, FeaturesOptions),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_role_and_a_help_text(kind: type[Any]) -> None:
    for spec in fields(kind):
        assert spec.metadata.get("role") in ROLES, f"{kind.__name__}.{spec.name} has no role"
        assert spec.metadata["help"].endswith("."), f"{kind.__name__}.{spec.name} has no help text"


def test_a_role_must_be_one_that_there_is() -> None:
    with pytest.raises(ValueError, match="role must be one of decides, encodes, written, free"):
        option(1, "A number.", role="whatever")


def _pair(text: str) -> list[str]:
    name, path = text.split("=")
    return [f"{name}=", path]


@dataclass(frozen=True, kw_only=True)
class Several(Checked):
    """One field of every kind that names files."""

    picture: str | None = file_option(None, "A picture.")
    start: str = file_option("noise", "Where it starts.", words=("noise",))
    parts: tuple[str, ...] = file_option((), "Named parts.", parts=_pair, whole=True)
    aside: str | None = file_option(None, "Written.", role="written")
    weight: float = option(1.0, "How much.")


def test_files_are_found_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = Several(picture="a.png", start="b.png", parts=("x=c.png", "y=/d.png"), aside="e.png")
    home = at_home(given)
    assert (home.picture, home.start, home.aside) == tuple(str(tmp_path / f"{n}.png") for n in "abe")
    assert home.parts == (f"x={tmp_path}/c.png", "y=/d.png")
    assert at_home(Several()) == Several()
    assert [path.name for path in files_read(given)] == ["a.png", "b.png", "c.png", "d.png"]
    assert files_read(Several()) == []
    assert by_role(given, "written") == {"aside": "e.png"}


@dataclass(frozen=True, kw_only=True)
class Kinds(Checked):
    """One field of every type."""

    size: int | None = option(None, "A whole number.", minimum=16)
    blend: tuple[float, ...] = option((), "Numbers.", minimum=0)
    cut: tuple[int, ...] = option((), "Whole numbers.", minimum=1)
    weight: float = option(1.0, "A number.", minimum=0)
    loop: bool = option(False, "Yes or no.")
    mask: str | None = file_option(None, "A file.")
    layers: tuple[str, ...] = option((), "Texts.")
    rate: str | None = option(None, "A text.")


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"blend": [1, 0.5]}, {"blend": (1.0, 0.5)}),
        ({"blend": np.array([0.5, 0.25], np.float32)}, {"blend": (0.5, 0.25)}),
        ({"blend": torch.tensor([1, 2])}, {"blend": (1.0, 2.0)}),
        ({"blend": 2}, {"blend": (2.0,)}),
        ({"cut": range(1, 4)}, {"cut": (1, 2, 3)}),
        ({"cut": [np.int64(3), 4.0]}, {"cut": (3, 4)}),
        ({"size": np.int64(32)}, {"size": 32}),
        ({"size": torch.tensor(32)}, {"size": 32}),
        ({"size": 32.0}, {"size": 32}),
        ({"weight": np.float64(0.5)}, {"weight": 0.5}),
        ({"weight": Fraction(1, 4)}, {"weight": 0.25}),
        ({"loop": np.bool_(True)}, {"loop": True}),
        ({"mask": Path("a.png")}, {"mask": "a.png"}),
        ({"layers": "relu1_1"}, {"layers": ("relu1_1",)}),
        ({"layers": ["relu1_1", Path("a")]}, {"layers": ("relu1_1", "a")}),
        ({"rate": Fraction(30000, 1001)}, {"rate": "30000/1001"}),
        ({"rate": 25}, {"rate": "25"}),
    ],
)
def test_whatever_means_a_value_is_taken_for_it(given: dict[str, Any], held: dict[str, Any]) -> None:
    for options in (Kinds(**given), replace(Kinds(), **given)):
        for name, value in held.items():
            found = getattr(options, name)
            assert found == value and type(found) is type(value)
            if isinstance(value, tuple):
                assert [type(item) for item in found] == [type(item) for item in value]
    json.dumps(asdict(options))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"size": "64"}, "--size takes a whole number, not '64'"),
        ({"size": 64.5}, "--size takes a whole number, not 64.5"),
        ({"size": True}, "--size takes a whole number, not True"),
        ({"size": float("inf")}, "--size takes a whole number, not inf"),
        ({"size": [64]}, r"--size takes a whole number, not \[64\]"),
        ({"weight": "0.5"}, "--weight takes a number, not '0.5'"),
        ({"weight": None}, "--weight takes a number, not None"),
        ({"weight": 10**400}, "--weight takes a number, not 1000"),
        ({"blend": "0.5"}, "--blend takes numbers, not '0.5'"),
        ({"blend": ["0.5", 1]}, r"--blend takes numbers, not \['0.5', 1\]"),
        ({"blend": np.zeros((2, 2))}, r"--blend takes numbers, not \[\[0.0, 0.0\], \[0.0, 0.0\]\]"),
        ({"blend": {"a": 1}}, "--blend takes numbers, not {'a': 1}"),
        ({"loop": 1}, "--loop takes True or False, not 1"),
        ({"mask": np.zeros((8, 8))}, r"--mask takes a text, not \[\[0.0"),
        ({"mask": b"a.png"}, "--mask takes a text, not b'a.png'"),
        ({"layers": [None]}, r"--layers takes texts, not \[None\]"),
        ({"blend": [1, -1]}, "--blend must be at least 0, not -1.0"),
    ],
)
def test_what_is_of_another_type_is_refused_in_a_line(given: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}") as error:
        Kinds(**given)
    assert len(str(error.value)) < 150 and str(error.value).isprintable()
    with pytest.raises(UsageError, match=f"^{line}"):
        from_json(Kinds, {**asdict(Kinds()), **given})


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda array: vidstyle.stylize(array, "s.png", "o.png"), "the input must be a path"),
        (lambda array: vidstyle.stylize("i.png", array, "o.png"), "the picture to learn from must be a path"),
        (lambda array: vidstyle.stylize("i.png", [array], "o.png"), "the picture to learn from must be a"),
        (lambda array: vidstyle.stylize("i.png", "s.png", array), "the output must be a path"),
        (lambda array: vidstyle.dfi(array, "o.png"), "the input must be a path"),
        (lambda array: vidstyle.analogy("i.png", array, "o.png"), "the picture to learn from must be a path"),
        (lambda array: vidstyle.texture(array, "o.png"), "the picture to learn from must be a path"),
        (lambda array: vidstyle.batch([array], "s.png", "out"), "an input must be a path"),
        (lambda array: vidstyle.evaluate(array, "a.mp4"), "the original must be a path"),
        (lambda array: vidstyle.evaluate("a.mp4", [array]), "a painted clip must be a path"),
    ],
)
def test_an_array_is_no_file(call: Callable[[Any], Any], line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}.*; write it to a file, and name that$"):
        call(np.zeros((8, 8, 3), np.uint8))


def test_no_library_is_loaded_to_make_options() -> None:
    code = (
        "import sys; from vidstyle.options import RunOptions as R; R(size=32); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
