"""A look as a file for ONNX Runtime and whatever else reads ONNX."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch

from vidstyle.atomic import write_whole
from vidstyle.errors import UsageError
from vidstyle.looks.look import read_look
from vidstyle.looks.noise import CHANNELS

INPUTS = "frame", "noise", "before", "holds"
OUTPUT = "painting"
_GRID, _LEAST, _MOST = 16, 48, 2**14  # pixels a side, which is a multiple of the first


def export_onnx(look: Path, output: Path) -> Path:
    """Write the network of a look as ONNX; returns the file.

    Inputs float32, as `Student.forward` takes them: frame and before (1, 3, H, W) in [0, 1], noise
    (1, 4, H / 2, W / 2), holds (1, 1, H, W) in [0, 1]; H and W are any multiples of 16 from 48. Output:
    painting (1, 3, H, W).
    Raises WeightsError for what is no look, UsageError where ONNX is not installed, OutputError.
    """
    if output.suffix.lower() != ".onnx":
        raise UsageError(f"{output}: what is exported is an .onnx file; give it that suffix")
    student = read_look(look).student().eval().requires_grad_(False)
    shape = _LEAST + _GRID, _LEAST + 2 * _GRID
    halves = [side // 2 for side in shape]
    example = tuple(
        torch.zeros(1, channels, *size)
        for channels, size in ((3, shape), (CHANNELS, halves), (3, shape), (1, shape))
    )
    rows, columns = (
        torch.export.Dim(name, min=_LEAST // _GRID, max=_MOST // _GRID) for name in ("rows", "columns")
    )
    whole, half = ({2: step * rows, 3: step * columns} for step in (_GRID, _GRID // 2))
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names of axes that are alike
            program = torch.onnx.export(
                student,
                example,
                dynamo=True,
                dynamic_shapes=dict.fromkeys(INPUTS, whole) | {"noise": half},
                input_names=INPUTS,
                output_names=(OUTPUT,),
                verbose=False,
            )
    except ImportError as error:
        raise UsageError('to write ONNX takes: pip install "vidstyle[onnx]"') from error
    assert program is not None
    write_whole(output, program.model_proto.SerializeToString())
    return output
