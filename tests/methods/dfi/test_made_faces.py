"""The script that draws faces: sets that can be selected, marked where the eyes are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vidstyle.image.convert import to_float
from vidstyle.image.similarity import estimate_similarity
from vidstyle.methods.dfi.features import View
from vidstyle.methods.dfi.landmarks import read_landmarks
from vidstyle.methods.dfi.sets import open_set
from vidstyle.video.pictures import read_picture

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "make_faces.py"


def test_what_the_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, "-o", tmp_path, "--count", "6", "--size", "64"], check=True)
    listed = open_set(tmp_path / "attributes.csv", "glasses=1,smile=0")
    assert listed.paths == open_set(tmp_path / "glasses").paths
    marks = read_landmarks(tmp_path / "landmarks.csv")
    places = marks[tmp_path / "input.png"]
    for path in open_set(tmp_path / "smile").paths:
        image = to_float(read_picture(path)[0])
        view = View((64, 64), places).look(image, estimate_similarity(marks[path], places))
        # Pupils are dark where the landmarks say, and within two pixels of there on another's face.
        for (x, y), (u, v) in zip(
            marks[path][:2].round().astype(int), places[:2].round().astype(int), strict=True
        ):
            assert float(image[:, y, x].mean()) < 0.35
            assert float(view[:, v - 2 : v + 3, u - 2 : u + 3].mean(dim=0).min()) < 0.35
