"""A look as ONNX paints what the program paints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest
import torch

from tests.methods.student.small import TINY
from vidstyle.cli import main
from vidstyle.looks.look import look_named, look_of, read_look, write_look
from vidstyle.looks.network import Student

SIZES = [(48, 64), (48, 48), (96, 64), (64, 160)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """strokes.onnx, by the command line."""
    folder = tmp_path_factory.mktemp("onnx")
    assert main(["looks", "strokes", "--export", str(folder / "strokes.onnx")]) == 0
    return folder / "strokes.onnx"


@pytest.mark.parametrize("size", SIZES)
def test_the_same_result_at_any_size(exported: Path, size: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(2)
    given = [torch.rand(1, channels, *size, generator=random) for channels in (3, 3, 1)]
    given.insert(1, torch.randn(1, 4, size[0] // 2, size[1] // 2, generator=random))
    session = onnxruntime.InferenceSession(str(exported))
    names = [each.name for each in session.get_inputs()]
    assert names == ["frame", "noise", "before", "holds"]
    (found,) = session.run(None, dict(zip(names, (each.numpy() for each in given), strict=True)))
    with torch.no_grad():
        wanted = read_look(look_named("strokes")).student()(*given)
    assert (torch.from_numpy(found) - wanted).abs().max() < 1e-5


def test_what_cannot_be_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, line in (
        (["strokes", "--export", "a.bin"], "give it that suffix"),
        (["--export", "a.onnx"], "takes one LOOK"),
        (["strokes", "glass", "--export", "a.onnx"], "takes one LOOK"),
        (["none.safetensors", "--export", "a.onnx"], "no such look"),
    ):
        assert main(["looks", *words]) != 0
        assert line in capsys.readouterr().err


def test_without_onnx_the_extra_is_named(tmp_path: Path) -> None:
    write_look(tmp_path / "a.safetensors", look_of(Student(TINY), [torch.rand(3, 9, 9)], {}))
    program = (
        "import sys\nsys.modules['onnxscript'] = None\nfrom vidstyle.cli import main\n"
        "sys.exit(main(['looks', 'a.safetensors', '--export', 'a.onnx']))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0 and 'pip install "vidstyle[onnx]"' in done.stderr
    assert "Traceback" not in done.stderr and not (tmp_path / "a.onnx").exists()
