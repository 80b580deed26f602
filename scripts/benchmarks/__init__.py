"""The benchmarks of scripts/bench.py, one module each; every one has run(Setting) -> tables."""

import vidstyle  # noqa: F401  before any module loads PyTorch, so that its threads wait as in a run
