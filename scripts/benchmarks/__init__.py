"""The benchmarks of scripts/bench.py, one module each; every one has run(Setting) -> tables."""
