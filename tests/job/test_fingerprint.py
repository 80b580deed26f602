"""Two jobs are the same when nothing that matters differs; what differs is told in words."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from vidstyle.errors import InputError
from vidstyle.job import differences, digest, file_entry

OLD: dict[str, Any] = {
    "source": {"name": "in.mp4", "digest": "a1"},
    "pictures": [{"name": "wave.jpg", "digest": "b2"}, {"name": "fire.jpg", "digest": "c3"}],
    "method": "neural",
    "options": {"style_weight": 10.0, "style_layers": ("relu1_1", "relu2_1"), "steps": None},
    "size": 640,
    "run": {"features": {"name": "vgg19.npz", "digest": "d4"}},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    *parents, last = path.split(".")
    at: Any = new
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at[key]
    at[int(last) if isinstance(at, list) else last] = value
    return new


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("size", 640),
        ("options.style_layers", ["relu1_1", "relu2_1"]),  # as tuples are read back
        ("pictures.0.name", "renamed.jpg"),  # of the same content
    ],
)
def test_the_same_job_has_no_differences(path: str, value: Any) -> None:
    assert differences(OLD, changed(path, value)) == differences(changed(path, value), OLD) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("options.style_weight", 20.0, "style_weight: 10.0 -> 20.0"),
        ("options.steps", 40, "steps: not set -> 40"),
        ("options.style_layers", ("relu1_1",), 'style_layers: ["relu1_1", "relu2_1"] -> ["relu1_1"]'),
        ("method", "analogy", "method: neural -> analogy"),
        ("size", None, "size: 640 -> not set"),
        ("pictures.0.digest", "xx", "the style picture wave.jpg has changed"),
        ("pictures.1", {"name": "ice.jpg", "digest": "xx"}, "the style picture: fire.jpg -> ice.jpg"),
        ("pictures", [{"name": "wave.jpg", "digest": "b2"}], "pictures: wave.jpg, fire.jpg -> wave.jpg"),
        ("source.digest", "xx", "the input in.mp4 has changed"),
        ("run.features.digest", "xx", "--features vgg19.npz has changed"),
        ("extra", 1, "extra: not set -> 1"),
        ("options.fresh", True, "fresh: not set -> true"),
    ],
)
def test_each_difference_is_named(path: str, value: Any, words: str) -> None:
    assert differences(OLD, changed(path, value)) == [words]


def test_every_difference_is_listed() -> None:
    new = changed("size", 320)
    new["options"]["style_weight"] = 1
    assert len(differences(OLD, new)) == 2


def test_a_file_entry_follows_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"one")
    first = file_entry(path)
    path.write_bytes(b"two")
    assert first["name"] == "a.png"
    assert file_entry(path)["digest"] != first["digest"]


def test_digest_sees_a_byte_move_between_files(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.write_bytes(b"ab")
    two.write_bytes(b"c")
    before = digest([one, two])
    one.write_bytes(b"a")
    two.write_bytes(b"bc")
    assert digest([one, two]) != before


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*gone\.mp4: No such file"):
        file_entry(tmp_path / "gone.mp4")
