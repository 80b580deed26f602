"""The parts of fuzz.py."""

import forks  # noqa: F401  before any module loads PyTorch
