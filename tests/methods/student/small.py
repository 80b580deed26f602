"""Small inputs for the contract that every method keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vidstyle.looks.look import look_of
from vidstyle.looks.network import Plan, Student
from vidstyle.methods.student.method import StudentInputs

TINY = Plan(4, 4, 4, 4, 1, 1, 1, 1)


def inputs(options: Any, pictures: Any, guidance: Any, folder: Path) -> StudentInputs:
    """The look of a network that nobody has taught."""
    torch.manual_seed(5)
    student = Student(TINY)
    return StudentInputs(options, look=look_of(student, pictures[:1], {}))
