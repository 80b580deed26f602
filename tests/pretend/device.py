"""A device that is not the CPU, for machines that have none: real values, and the rules of a GPU.

Tensors on it hold CPU tensors, so that what is computed can be compared; but operands of two devices are
refused, NumPy cannot see them, and whatever would make a GPU's queue run dry is counted: values that the host
reads, shapes that depend on values, and copies that wait. More than a GPU forbids is refused on request: what
Apple's GPUs do not have.

By PyTorch's registration of backends written in Python, which is private and cannot be undone: for processes
of their own. FakeTensorMode is not enough: it has no values, and lets a convolution with weights on the CPU
pass.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from vidstyle.device import KINDS, Kind

NAME = "pretend"
DEVICE = torch.device("cpu")  # until `install`
_LIBRARIES: list[torch.library.Library] = []  # whose registrations last as long as they do
_PACKAGE = str(Path(__file__).parents[2] / "vidstyle")

LACKS_FLOAT64 = True
"""Whether float64 is refused, and with it what else Apple's GPUs have not."""

stalls: Counter[tuple[str, str]] = Counter()
"""(what, where) -> how often the host waited for the device. Where: the line of the package."""

# The value decides a shape or is read, so that the host waits for all that is queued.
_READS = {
    "aten::_local_scalar_dense",
    "aten::equal",
    "aten::nonzero",
    "aten::masked_select",
    "aten::_unique",
    "aten::_unique2",
    "aten::unique_dim",
    "aten::unique_consecutive",
    "aten::bincount",
    "aten::histc",
    "aten::repeat_interleave",
    "aten::_linalg_check_errors",
    "aten::_linalg_eigh",
    "aten::_linalg_svd",
    "aten::linalg_lstsq",
}
# Not there, or not in all versions of PyTorch, on Apple's GPUs.
_LACKING = {
    "aten::_linalg_eigh",
    "aten::_linalg_eigvals",
    "aten::linalg_lstsq",
    "aten::linalg_qr",
    "aten::grid_sampler_2d_backward",
    "aten::_upsample_bicubic2d_aa_backward",
}
_ADAPTIVE = {"aten::_adaptive_avg_pool2d", "aten::adaptive_avg_pool2d", "aten::adaptive_max_pool2d"}
_FLOAT64 = {torch.float64, torch.complex128}
# A CPU tensor of a single value may meet one of a GPU where values are combined one by one; not in these.
_NO_SCALARS = {"aten::cat", "aten::stack", "aten::convolution", "aten::mm", "aten::bmm", "aten::addmm"}
# Another device draws other numbers: all that is random has to be drawn on the CPU.
_RANDOM = {
    *(f"aten::{name}_" for name in ("uniform", "normal", "random", "bernoulli", "exponential", "geometric")),
    *(f"aten::{name}" for name in ("bernoulli", "multinomial", "native_dropout", "rand_like", "randn_like")),
    *(f"aten::{name}" for name in ("randperm", "randint_like", "rrelu_with_noise")),
}
_INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}


class Pretended(Tensor):
    """A tensor on the pretend device. raw: its values, on the CPU."""

    raw: Tensor

    @staticmethod
    def __new__(cls, raw: Tensor) -> Pretended:
        if LACKS_FLOAT64 and raw.dtype in _FLOAT64:
            raise TypeError(f"the pretend device has no {raw.dtype}, like Apple's GPUs")
        with torch.inference_mode(False):  # where views of what holds another tensor cannot be made
            made = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
                cls,
                raw.size(),
                strides=raw.stride(),
                storage_offset=raw.storage_offset(),
                dtype=raw.dtype,
                device=DEVICE,
            )
        made.raw = raw
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return _called(func, *args, **(kwargs or {}))

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"Pretended({self.raw!r})"

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, *, force: bool = False) -> Any:
        raise TypeError("can't convert a tensor of the pretend device to NumPy; copy it to the CPU first")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.numpy()

    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, **rest: Any) -> Tensor:
        return torch.tensor(data, dtype=dtype or self.dtype, device=device or self.device, **rest)


def _called(op: Any, *args: Any, **kwargs: Any) -> Any:
    """What `op` gives, computed on the CPU, on the device where a GPU would leave it."""
    tensors = [each for each in pytree.tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
    ours = [each for each in tensors if isinstance(each, Pretended)]
    wanted = kwargs.get("device")
    if wanted is not None:
        wanted = torch.device(wanted)
        kwargs["device"] = torch.device("cpu")
    _check(op, args, kwargs, tensors, wanted)
    if what := _stall(op._schema.name, args, kwargs, wanted):
        stalls[what, _where()] += 1
    result = op(*pytree.tree_map_only(Pretended, _raw, args), **pytree.tree_map_only(Pretended, _raw, kwargs))
    if torch.Tag.inplace_view in op.tags:
        _follow(op, args, kwargs)
    if any(each.raw.shape != each.shape for each in ours):
        raise NotImplementedError(f"{op} resizes a tensor, which the pretend device cannot")
    if wanted is not None and wanted.type == "cpu":
        return result
    if op._schema.name == "aten::copy_" and not isinstance(args[0], Pretended):
        return args[0]
    same = {id(each.raw): each for each in ours}
    return pytree.tree_map_only(
        Tensor, lambda each: same[id(each)] if id(each) in same else Pretended(each), result
    )


def _raw(tensor: Pretended) -> Tensor:
    return tensor.raw


def _check(
    op: Any, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor], wanted: Any
) -> None:
    """Raise for what this device would refuse, or would make depend on the device."""
    name = op._schema.name
    ours = any(isinstance(each, Pretended) for each in tensors)
    if name in _RANDOM and (ours or (wanted is not None and wanted.type == NAME)):
        raise RuntimeError(f"{name}: drawn on the device, so that every device would draw its own")
    if ours:
        _refuse_mixed(op, name, args, tensors)
        if LACKS_FLOAT64:
            _refuse_lacking(name, args)


def _follow(op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Give a tensor the shape that an operation in place has given its values."""
    before = torch._C._meta_in_tls_dispatch_include()
    torch._C._set_meta_in_tls_dispatch_include(True)
    try:
        with torch.utils._mode_utils.no_dispatch():
            op(*args, **kwargs)
    finally:
        torch._C._set_meta_in_tls_dispatch_include(before)


def _refuse_lacking(name: str, args: tuple[Any, ...]) -> None:
    """Raise NotImplementedError for what Apple's GPUs do not have, or have not had for long."""
    lacking = name in _LACKING
    if name in _ADAPTIVE:
        lacking = any(side % cells for side, cells in zip(args[0].shape[-2:], args[1], strict=True))
    if lacking:
        raise NotImplementedError(f"{name}: not on Apple's GPUs")


def _refuse_mixed(op: Any, name: str, args: tuple[Any, ...], tensors: list[Tensor]) -> None:
    """Raise RuntimeError for operands of two devices that a GPU would refuse."""
    if name in ("aten::copy_", "aten::_to_copy", "aten::_copy_from"):
        return
    foreign = [each for each in tensors if not isinstance(each, Pretended)]
    if name in _INDEXING:  # indices may lie on the CPU, and are copied; so may a single value
        foreign = [each for each in args[:1] if not isinstance(each, Pretended)]
    elif name not in _NO_SCALARS:
        foreign = [each for each in foreign if each.dim() > 0 or each is _written(op, args)]
    if foreign:
        shapes = [tuple(each.shape) for each in foreign]
        raise RuntimeError(f"{name}: operands of two devices; on the CPU: {shapes}")


@cache
def _writes_first(op: Any) -> bool:
    first = next(iter(op._schema.arguments), None)
    return first is not None and first.alias_info is not None and first.alias_info.is_write


def _written(op: Any, args: tuple[Any, ...]) -> Any:
    return args[0] if args and _writes_first(op) else None


def _stall(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], wanted: Any) -> str | None:
    """What makes the host wait, if it does."""
    if name in _READS:
        return "read"
    if name == "aten::_to_copy":
        if isinstance(args[0], Pretended):
            return "read" if wanted is not None and wanted.type == "cpu" else None
        return None if _flows(args[0], kwargs) else "upload"
    if name == "aten::copy_":
        target, source = args[:2]
        if isinstance(target, Pretended) and not isinstance(source, Pretended):
            return None if _flows(source, {"non_blocking": (*args, False)[2], **kwargs}) else "upload"
        return None if isinstance(target, Pretended) else "read"
    if name in _INDEXING:
        indices = [each for each in args[1] if isinstance(each, Tensor)]
        if any(not isinstance(each, Pretended) for each in indices):
            return "upload"
        by_mask = any(each.dtype in (torch.bool, torch.uint8) for each in indices)
        fills = len(args) > 2 and args[2].numel() == 1  # a single value is filled in without counting
        return "read" if by_mask and not fills else None
    return None


def _flows(source: Tensor, kwargs: dict[str, Any]) -> bool:
    """Whether a copy to the device does not wait: only from pinned memory."""
    return bool(kwargs.get("non_blocking")) and getattr(source, "pretended_pinned", False)


def _where() -> str:
    frame = sys._getframe()
    while frame is not None and not frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return "elsewhere"
    name = Path(frame.f_code.co_filename).relative_to(_PACKAGE)
    return f"{name}:{frame.f_lineno} {frame.f_code.co_name}"


def _pinned(tensor: Tensor, device: Any = None) -> Tensor:
    copy = tensor.clone()
    copy.pretended_pinned = True  # type: ignore[attr-defined]
    return copy


def _on_device(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A maker of tensors of values that are at hand, by way of the CPU: as PyTorch goes, too."""

    def made(data: Any, *, device: Any = None, requires_grad: bool = False, **rest: Any) -> Tensor:
        if device is None or torch.device(device).type != NAME:
            kept = make(data, device=device, **rest)
            return kept.requires_grad_() if requires_grad else kept
        return make(data, **rest).to(DEVICE).requires_grad_(requires_grad)

    return made


class _Module:
    """What PyTorch asks `torch.pretend` for."""

    def is_available(self) -> bool:
        return True

    def is_initialized(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def synchronize(self) -> None:
        """All is done as soon as it is asked for."""

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        """Nothing is drawn on the device: see the test that says so."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]


# Made empty and then resized by PyTorch's own, which a tensor of another's values cannot be.
_RESIZED = ("arange", "arange.start", "arange.start_step", "eye", "eye.m")


# Of what autocast rounds, all that this program asks of it.
_BY_AUTOCAST = ("conv2d", "linear")


def _autocast(name: str, *args: Any, **kwargs: Any) -> Tensor:
    """An operation in the dtype that autocast is set to."""
    dtype = torch.get_autocast_dtype(NAME)
    with torch._C._ExcludeDispatchKeyGuard(torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)):
        cast = pytree.tree_map_only(Tensor, lambda each: each.to(dtype), (args, kwargs))
        found: Tensor = getattr(torch.ops.aten, name)(*cast[0], **cast[1])
        return found


def install() -> torch.device:
    """Make the device, once per process; returns it."""
    global DEVICE
    _setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    DEVICE = torch.device(NAME, 0)
    everything, aten = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    everything.fallback(_called, "PrivateUse1")
    for name in _RESIZED:
        packet, _, overload = name.partition(".")
        op = getattr(getattr(torch.ops.aten, packet), overload or "default")
        aten.impl(name, lambda *args, _op=op, **kwargs: _called(_op, *args, **kwargs), "PrivateUse1")
    for name in _BY_AUTOCAST:
        aten.impl(name, partial(_autocast, name), "AutocastPrivateUse1")
    everything.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    _LIBRARIES.extend([everything, aten])
    torch.tensor = _on_device(torch.tensor)  # type: ignore[assignment]
    torch.as_tensor = _on_device(torch.as_tensor)  # type: ignore[assignment]
    Tensor.pin_memory = _pinned  # type: ignore[method-assign, assignment]
    others = dict(KINDS)
    KINDS.clear()
    KINDS[NAME] = Kind(lambda: True, pins=True, pools_adaptively=False)
    KINDS.update(others)
    return DEVICE


def lines() -> Iterator[str]:
    """The stalls, the most frequent first."""
    for (what, where), count in stalls.most_common():
        yield f"{count:6d} {what:6s} {where}"
