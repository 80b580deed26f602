"""Flow files: layout, round trip, and one clear line for what cannot be read."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from vidstyle.errors import InputError, OutputError
from vidstyle.flow.files import read_flo, write_flo, write_pgm


def flow(height: int = 3, width: int = 5) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 4, (2, height, width)).astype(np.float32)


def test_round_trip(tmp_path):
    write_flo(tmp_path / "a.flo", flow())
    back = read_flo(tmp_path / "a.flo")
    assert back.dtype == np.float32 and back.flags.c_contiguous and back.flags.writeable
    assert np.array_equal(back, flow())


def test_the_layout_is_middlebury(tmp_path):
    vectors = np.array([[[1, 2]], [[3, 4]]], np.float32)
    write_flo(tmp_path / "a.flo", vectors)
    assert (tmp_path / "a.flo").read_bytes() == struct.pack("<fii4f", 202021.25, 2, 1, 1, 3, 2, 4)


def test_a_reference_file(shared):
    vectors = read_flo(shared("golden/ruder_marple/forward_1_2.flo"))
    assert vectors.shape == (2, 350, 450)
    assert 0.1 < np.abs(vectors).max() < 100


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"", "not a Middlebury"),
        (b"PIEH\0\0", "not a Middlebury"),
        (b"x" * 100, "not a Middlebury"),
        (struct.pack("<4sii", b"PIEH", 0, 5), "0x5"),
        (struct.pack("<4sii", b"PIEH", -3, 5), "-3x5"),
        (struct.pack("<4sii", b"PIEH", 2**31 - 1, 2**31 - 1), "2147483647x2147483647"),
        (struct.pack("<4sii", b"PIEH", 90000, 90000), "cut short"),
        (struct.pack("<4sii", b"PIEH", 2, 2) + bytes(31), "cut short"),
        (struct.pack("<4sii", b"PIEH", 2, 2) + bytes(33), "too long"),
    ],
)
def test_a_broken_file_is_named_in_one_line(tmp_path, content, complaint):
    path = tmp_path / "broken.flo"
    path.write_bytes(content)
    with pytest.raises(InputError, match=complaint) as error:
        read_flo(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_and_an_unwritable_one(tmp_path):
    with pytest.raises(InputError, match=r"absent\.flo"):
        read_flo(tmp_path / "absent.flo")
    with pytest.raises(OutputError, match="nowhere"):
        write_flo(tmp_path / "nowhere" / "a.flo", flow())


def test_a_mask_as_pgm(tmp_path):
    write_pgm(tmp_path / "a.pgm", np.array([[0, 254, 7]], np.uint8))
    assert (tmp_path / "a.pgm").read_bytes() == b"P5\n3 1\n255\n\x00\xfe\x07"


def test_wrong_arrays_are_refused(tmp_path):
    with pytest.raises(ValueError, match="vectors"):
        write_flo(tmp_path / "a.flo", flow()[:1])
    with pytest.raises(ValueError, match="mask"):
        write_pgm(tmp_path / "a.pgm", np.zeros((2, 2), np.float32))
