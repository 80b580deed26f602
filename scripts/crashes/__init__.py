"""The parts of crash_test.py."""

import forks  # noqa: F401  before any module loads PyTorch
