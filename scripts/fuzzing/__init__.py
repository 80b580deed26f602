"""The parts of fuzz.py."""

import os

# A thread pool that has run before a fork is missing after it.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
