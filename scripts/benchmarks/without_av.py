"""For a machine without PyAV: modules of its name to be imported, so that what decodes nothing runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from unittest.mock import MagicMock


class _StandIns(MetaPathFinder, Loader):
    """Finds a module that has whatever it is asked for, under `av` and every name below it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] == "av" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return MagicMock(name=spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def stand_in() -> bool:
    """Whether PyAV is missing; its place is taken then."""
    if find_spec("av") is not None:
        return False
    sys.meta_path.insert(0, _StandIns())
    return True
