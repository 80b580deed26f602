"""Small inputs for the contract that every method keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vidstyle.methods.style.method import StyleInputs


def inputs(options: Any, pictures: Any, guidance: Any, folder: Path) -> StyleInputs:
    return StyleInputs(options, pictures, guidance)
