"""Hostile files and names through the whole program: nothing hangs, is run, or touched that should not be."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from vidstyle.cli import main

Tried = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(
    "words",
    [
        "style pipe.mp4 style.png -o o.mp4",
        "style pipe.png style.png -o o.png",
        "style /dev/zero style.png -o o.mp4",
        "style still.png pipe.png -o o.png",
        "style still.png /dev/zero -o o.png",
        "style still.png style.png --init pipe.png -o o.png",
        "style still.png style.png -o pipe.png --overwrite",
        "style still.png style.png -o /dev/null",
        "style still.png style.png -o /dev/full --overwrite",
        "style still.png style.png -o o.png --job pipe",
        "style still.png style.png -o o.png --flow-dir pipe",
        "style still.png style.png -o o.png --features pipe.safetensors",
        "style still.png style.png -o o.png --features /dev/zero",
        "style still.png style.png -o o.png --features clip",
        "dfi still.png --source pipe.csv --target clip -o o.png",
        "dfi still.png --source clip --target clip --align pipe.csv -o o.png",
        "dfi still.png --source clip --target clip --mask pipe.png -o o.png",
        "dfi still.png --vector pipe.safetensors -o o.png",
        "flow pipe.mp4 -o flows",
        "flow clip -o pipe",
        "flow --check pipe.flo pipe.flo -o o.pgm",
        "flow --check /dev/zero clip -o o.pgm",
        "features --features pipe.safetensors",
        "resume pipe",
        "resume /dev/zero",
        "status pipe",
    ],
)
def test_pipes_devices_and_folders_in_place_of_files(traps: Path, tried: Tried, words: str) -> None:
    code, _ = tried(*words.split())
    assert code == 1
    assert (traps / "pipe").is_fifo()
    assert not list(traps.glob("o.*"))


@pytest.mark.parametrize(
    "words",
    [
        "style still.png style.png -o -",
        "style clip style.png -o -",
        "flow clip -o -",
        "texture style.png -o -",
        "batch still.png --style style.png -o -",
    ],
)
def test_nothing_goes_to_stdout(traps: Path, tried: Tried, words: str) -> None:
    before = set(traps.iterdir())
    code, error = tried(*words.split())
    assert (code, error) == (
        2,
        "vidstyle: - stands for standard output, which takes no result; name a file or a folder\n",
    )
    assert set(traps.iterdir()) == before


NAMES = [
    *(b"-x.png", b"a b.png", b'it\'s "q".png', b"new\nline.png", b"\xff\xfe.png", b"100%.png", b"a%04d.png"),
    *(
        b"concat:a|b.png",
        b"http:x.png",
        b"\x1b[2J.png",
        b"[bold].png",
        b"$(touch ran).png",
        b"n" * 230 + b".png",
    ),
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_is_a_name(
    traps: Path, tried: Tried, name: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    given = os.fsdecode(name)
    shutil.copy(traps / "still.png", given)
    shutil.copy(traps / "style.png", f"s{given}"[:250])
    output = f"o{given}".replace("%04d", "")
    assert tried("style", "-o", output, "--", given, f"s{given}"[:250])[0] == 0
    assert (traps / output).read_bytes()[:4] == b"\x89PNG"
    assert tried("style", "-o", output, f"./{given}", f"./s{given}"[:252])[0] == 0
    assert tried("resume", output)[0] == 0
    assert main(["status", output]) == main(["status", "--json", output]) == 0
    text, *facts = capfd.readouterr().out.splitlines()
    assert text.isprintable() and text.startswith("done: ")
    assert json.loads(facts[0])["output"] == str(traps / output)
    assert main(["style", "-o", f"p{output}", "--restart", "--", "gone" + given, given]) == 1
    assert capfd.readouterr().err.count("\n") == 1
    assert not (traps / "ran").exists()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", ["concat:o", "http:o", "100%", "-o", os.fsdecode(b"\xff")])
def test_any_name_of_a_video(tried: Tried, traps: Path, name: str, suffix: str) -> None:
    whole = name + suffix
    assert tried("style", "--frames", ":2", f"--output={whole}", "clip", "style.png")[0] == 0
    assert tried("flow", "-o", "flows", "--", whole)[0] == 0
    assert (traps / "flows" / "forward_0_1.flo").exists()


def test_names_too_long(tried: Tried) -> None:
    for words in (
        ["n" * 300 + ".mp4", "style.png", "-o", "o.mp4"],
        ["still.png", "n" * 5000, "-o", "o.png"],
        ["still.png", "style.png", "-o", "n" * 249 + ".png"],
        ["still.png", "style.png", "-o", "o.png", "--job", "n" * 300],
    ):
        assert tried("style", *words)[0] == 1


def test_a_film_that_refers_to_other_files(traps: Path, tried: Tried) -> None:
    from vidstyle.video.pictures import read_picture

    assert read_picture(traps / "still.png")
    for name, text in (
        ("a.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{traps}/still.png\n#EXT-X-ENDLIST\n"),
        ("b.mp4", f"ffconcat version 1.0\nfile {traps}/still.png\n"),
        ("c.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"),
    ):
        (traps / name).write_text(text)
        code, line = tried("style", name, "style.png", "-o", "o.mp4")
        assert code == 1 and name in line


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("zipped", [False, True])
def test_nothing_in_weights_is_run(traps: Path, tried: Tried, zipped: bool) -> None:
    if zipped:
        torch.save({"features.0.weight": _Runs()}, traps / "w.pth")
    else:
        (traps / "w.pth").write_bytes(pickle.dumps(_Runs()))
    for words in (
        ["features", "--features", "w.pth"],
        ["style", "still.png", "style.png", "-o", "o.png", "--features", "w.pth"],
        ["style", "still.png", "style.png", "-o", "o.png", "--flow", "raft", "--flow-weights", "w.pth"],
    ):
        assert tried(*words)[0] == 1
    assert not (traps / "ran").exists()


def test_odd_weights_are_refused_without_a_warning(traps: Path, tried: Tried) -> None:
    torch.save({"features.0.weight": torch.zeros(4, 3, 3, 3)}, traps / "w.pth")
    data = (traps / "w.pth").read_bytes()
    (traps / "w.pth").write_bytes(data.replace(b"\x80\x02}", b"\x80\x12}"))
    assert (traps / "w.pth").read_bytes() != data
    code, line = tried("features", "--features", "w.pth")
    assert code == 1 and "Warning" not in line


def _tensors(header: Any, size: int | None = None, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


_ONE = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "data",
    [
        _tensors({}, 2**63),
        _tensors({}, 2**40),
        _tensors({"features.0.weight": {**_ONE, "shape": [4, 3, 3, 3]}}, body=bytes(4)),
        _tensors({"features.0.weight": {**_ONE, "data_offsets": [0, 2**40]}}, body=bytes(4)),
        _tensors(
            {"features.0.weight": {**_ONE, "shape": [2**62, 2**62], "data_offsets": [0, 4]}}, body=bytes(4)
        ),
        _tensors(
            {"features.0.weight": _ONE, "features.0.bias": {**_ONE, "data_offsets": [2, 6]}}, body=bytes(6)
        ),
        _tensors({"features.0.weight": _ONE, "features.0.bias": _ONE}, body=bytes(4)),
        _tensors({"features.0.weight": {**_ONE, "shape": [-1]}}, body=bytes(4)),
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        b"",
    ],
)
def test_safetensors_that_lie(traps: Path, tried: Tried, data: bytes) -> None:
    (traps / "w.safetensors").write_bytes(data)
    assert tried("features", "--features", "w.safetensors")[0] == 1
    assert tried("dfi", "still.png", "--vector", "w.safetensors", "-o", "o.png")[0] == 1


def test_a_tensor_that_claims_to_be_enormous(traps: Path, tried: Tried) -> None:
    huge = torch.zeros(1).expand(2**40, 3, 3, 3)
    torch.save({"features.0.weight": huge, "features.0.bias": torch.zeros(1).expand(2**40)}, traps / "w.pth")
    code, line = tried("features", "--features", "w.pth")
    assert code == 1 and "conv1_1" in line


@pytest.mark.parametrize("size", [(99_999, 99_999), (0, 5), (-1, 5), (2**31 - 1, 2), (4, 4)])
def test_flow_of_an_absurd_size(traps: Path, tried: Tried, size: tuple[int, int]) -> None:
    (traps / "a.flo").write_bytes(b"PIEH" + struct.pack("<ii", *size) + bytes(20))
    assert tried("flow", "--check", "a.flo", "a.flo", "-o", "o.pgm")[0] == 1


PEOPLE = "path,smiling\n" + "".join(f"clip/{i}.png,{i % 2}\n" for i in range(10))


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe" + PEOPLE.encode("utf-16-le"),
        PEOPLE.encode().replace(b"clip/1.png", b"clip/\xff.png"),
        b"\0" * 1000,
        b"smiling\n1\n0\n",
        b"path,smiling\n" + b"x" * 10**6 + b",1\n",
        b"path\n" + b"../" * 2000 + b"etc/passwd\n",
        PEOPLE.replace("clip/", "/dev/").encode(),
        PEOPLE.replace("clip/", "cl\0ip/").encode(),
        PEOPLE.replace("clip/", "=cmd|' /c touch ran'!").encode(),
        b'path,smiling\n"' + PEOPLE.encode(),
        b",\n,\n",
        b"",
    ],
    ids=range(12),
)
def test_hostile_lists(traps: Path, tried: Tried, text: bytes) -> None:
    (traps / "p.csv").write_bytes(text)
    sets = "--source p.csv --target p.csv --where-source smiling=0 --where-target smiling=1"
    assert tried("dfi", "still.png", *sets.split(), "-o", "o.png")[0] in (1, 2)
    aligned = "--source clip --target clip --align p.csv"
    assert tried("dfi", "still.png", *aligned.split(), "-o", "o.png")[0] == 1
    assert not (traps / "ran").exists()


def test_a_formula_in_another_column_is_a_text(traps: Path, tried: Tried) -> None:
    (traps / "p.csv").write_text(PEOPLE.replace(",0", ",=1+1").replace(",1", ",@SUM(A1)"))
    sets = ["--source", "p.csv", "--target", "p.csv"]
    assert tried("dfi", "still.png", *sets, "-o", "o.png")[0] == 0
    assert tried("dfi", "still.png", *sets, "--where-source", "smiling==1+1", "-o", "q.png")[0] == 0


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"path": NaN}',
        '{"path": {"a": 1}}\n' * 9,
        '{"path": "a\\u0000b"}\n' * 9,
        "5",
        "{}",
        '{"path": 5',
    ],
)
def test_hostile_lists_of_objects(traps: Path, tried: Tried, text: str) -> None:
    (traps / "p.jsonl").write_text(text)
    assert tried("dfi", "still.png", "--source", "p.jsonl", "--target", "p.jsonl", "-o", "o.png")[0] == 1


def test_a_link_in_place_of_the_result_is_replaced_not_followed(traps: Path, tried: Tried) -> None:
    (traps / "precious.png").write_bytes(b"precious")
    (traps / "o.png").symlink_to("precious.png")
    (traps / "q.png").symlink_to("nowhere.png")
    assert tried("style", "still.png", "style.png", "-o", "o.png")[0] == 1
    assert tried("style", "still.png", "style.png", "-o", "o.png", "--overwrite")[0] == 0
    assert tried("style", "still.png", "style.png", "-o", "q.png")[0] == 0
    assert not (traps / "o.png").is_symlink() and not (traps / "nowhere.png").exists()
    assert (traps / "precious.png").read_bytes() == b"precious"
    assert tried("evaluate", "clip", "clip", "--json", "pipe.csv", "--overwrite")[0] == 1
    assert (traps / "pipe.csv").is_symlink() and (traps / "pipe").is_fifo()


def test_what_libraries_say_is_not_shown(
    traps: Path, tried: Tried, capfd: pytest.CaptureFixture[str]
) -> None:
    import cv2

    assert cv2.imwrite("a.jpg", cv2.imread("still.png"))
    data = (traps / "a.jpg").read_bytes()
    middle = len(data) - 100
    (traps / "a.jpg").write_bytes(data[:middle] + b"\xff\xd9" + data[middle:])
    cv2.imread("a.jpg")
    assert "Corrupt JPEG data" in capfd.readouterr().err
    assert tried("style", "a.jpg", "style.png", "-o", "o.png")[0] == 0
    cv2.imread("a.jpg")  # afterwards descriptor 2 is as it was
    assert "Corrupt JPEG data" in capfd.readouterr().err


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[]", b"5", b'{"source": NaN}', b'{"source": [1]}', b""])
def test_the_record_of_a_folder_of_flow(traps: Path, tried: Tried, text: bytes) -> None:
    (traps / "flows").mkdir()
    (traps / "flows" / "flow.json").write_bytes(text)
    code, line = tried("flow", "clip", "-o", "flows")
    assert code == 1 and "flow" in line
    assert [path.name for path in (traps / "flows").iterdir()] == ["flow.json"]


def test_a_closed_stderr_is_no_fault(traps: Path) -> None:
    program = "import sys; from vidstyle.cli import main; sys.exit(main(['status', 'gone.mp4']) + 40)"
    ended = subprocess.run(["sh", "-c", '"$0" -c "$1" 2>&-', sys.executable, program])
    assert ended.returncode == 41  # and not 1, as by a traceback
