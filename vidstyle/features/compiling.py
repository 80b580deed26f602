"""The network compiled by PyTorch, and on CUDA recorded as a graph, for the steps of an optimiser."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from vidstyle.errors import UsageError

Result = TypeVar("Result")


def compiled(run: Callable[..., Result]) -> Callable[..., Result]:
    """The same function of tensors, compiled when it is first called with each of their sizes.

    On CUDA its kernels and those of its gradient are recorded as a graph, which the host starts as one
    (`torch.compile`, mode "reduce-overhead"). What it returns lasts until the next call. After eight sizes
    further ones run as they are.
    Calls raise UsageError where PyTorch cannot compile.
    """
    from torch._dynamo.exc import TorchDynamoException  # takes seconds, of every run

    quick: Callable[..., Result] = torch.compile(run, mode="reduce-overhead", dynamic=False)

    def called(*given: Any) -> Result:
        torch.compiler.cudagraph_mark_step_begin()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what the compiler does by itself
                return quick(*given)
        except TorchDynamoException as error:
            reason = str(getattr(error, "inner_exception", error)).strip().partition("\n")[0]
            raise UsageError(f"--compile: PyTorch cannot compile here ({reason}); leave it out") from error

    return called
