"""The script that draws faces: sets that can be selected, marked where the eyes are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from vidstyle.attributes.features import View
from vidstyle.attributes.landmarks import read_landmarks
from vidstyle.attributes.sets import open_set
from vidstyle.image.convert import to_float
from vidstyle.image.similarity import apply_similarity, estimate_similarity
from vidstyle.video.pictures import read_picture

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "make_faces.py"


def test_what_the_script_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, "-o", tmp_path, "--count", "6", "--size", "64"], check=True)
    listed = open_set(tmp_path / "attributes.csv", "glasses=1,smile=0")
    assert listed.paths == open_set(tmp_path / "glasses").paths
    marks = read_landmarks(tmp_path / "landmarks.csv")
    places = marks[tmp_path / "input.png"]
    # Pupils are dark where the landmarks say, and stay there when a face is brought onto another's.
    for path in open_set(tmp_path / "smile").paths:
        transform = estimate_similarity(marks[path], places)
        image = to_float(read_picture(path)[0])
        view = View((64, 64), places).look(image, transform)
        assert np.allclose(view, apply_similarity(image, transform, (64, 64)))
        for x, y in places[:2].round().astype(int):
            assert float(view[:, y - 1 : y + 2, x - 1 : x + 2].mean()) < 0.35
