"""Which pictures a set has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vidstyle.errors import MediaError, UsageError
from vidstyle.methods.dfi.landmarks import read_landmarks
from vidstyle.methods.dfi.options import AttributeSpec, DfiOptions, SetSpec
from vidstyle.methods.dfi.sets import open_set
from vidstyle.options import at_home
from vidstyle.video.pictures import write_picture

ROWS = [{"path": f"p{i}.png", "smiling": str(i % 2), "sex": "fm"[i % 3 == 0]} for i in range(24)]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    lines = [",".join(ROWS[0]), *(",".join(row.values()) for row in ROWS)]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    (tmp_path / "list.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    return tmp_path


def test_a_folder_in_natural_order(tmp_path: Path) -> None:
    for i in (10, 9, 1, 2, 3):
        write_picture(tmp_path / f"p{i}.png", np.zeros((3, 4, 4), np.uint8))
    assert [path.name for path in open_set(tmp_path).paths] == [f"p{i}.png" for i in (1, 2, 3, 9, 10)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("where", ["", "smiling=1", "smiling = 1.0, sex=f"])
def test_rows_of_a_list(listed: Path, suffix: str, where: str) -> None:
    wanted = [
        row["path"]
        for row in ROWS
        if ("smiling" not in where or row["smiling"] == "1") and ("sex" not in where or row["sex"] == "f")
    ]
    found = open_set(listed / f"list.{suffix}", where)
    assert [path.name for path in found.paths] == wanted
    assert found.paths[0].parent == listed


def test_what_cannot_be_selected(listed: Path) -> None:
    with pytest.raises(UsageError, match=r"no column hat; it has path, smiling, sex"):
        open_set(listed / "list.csv", "hat=1")


def test_attributes_by_name() -> None:
    asked = "smile=a/plain: b/smiling", " hat = b/hat.safetensors"
    smile, hat = DfiOptions(attribute=asked, where="sex=f").attributes
    assert smile == AttributeSpec("smile", (SetSpec("a/plain", "sex=f"), SetSpec("b/smiling", "sex=f")))
    assert hat == AttributeSpec("hat", vector="b/hat.safetensors")
    for wrong in ("smile", "=a:b", "smile=a", "smile=a:", "smile=a:b:c", "smile:0.5=a:b"):
        with pytest.raises(UsageError, match="takes"):
            DfiOptions(attribute=(wrong,))
    home = at_home(DfiOptions(attribute=asked))
    assert home.attribute == (
        f"smile={Path.cwd()}/a/plain:{Path.cwd()}/b/smiling",
        f"hat={Path.cwd()}/b/hat.safetensors",
    )


def test_sets_that_are_none(listed: Path, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="0 usable pictures; at least 5"):
        open_set(listed / "list.csv", "smiling=7")
    (tmp_path / "bad.jsonl").write_text("{not json}")
    with pytest.raises(MediaError, match="list of pictures"):
        open_set(tmp_path / "bad.jsonl")


def test_landmarks(tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text("path,x1,y1,x2,y2\na.png,1,2,3,4\nsub/b.png,5,6,7,8.5\n")
    marks = read_landmarks(tmp_path / "marks.csv")
    assert marks[Path("/somewhere/a.png")].tolist() == [[1, 2], [3, 4]]
    assert marks[Path("sub/b.png")].tolist() == [[5, 6], [7, 8.5]]
    with pytest.raises(MediaError, match=r"c.png has no landmarks"):
        marks[Path("c.png")]
    (tmp_path / "odd.csv").write_text("path,x1,y1,x2,y2\na.png,1,2,3,4\nb.png,5,6,7,\n")
    with pytest.raises(MediaError, match="picture 2"):
        read_landmarks(tmp_path / "odd.csv")
