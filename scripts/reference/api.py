"""The public symbols of the package with their docstrings, as Markdown. Nothing is imported to find them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "vidstyle"
# What guides/python.md calls the pieces. A package stands for all of its modules.
PIECES = (
    *("__init__", "errors", "events", "types", "options", "video/clip", "video/reader", "video/writer"),
    *("image/convert", "image/resize", "image/warp", "image/patchmatch", "image/matting"),
    *("features/vgg", "features/weights", "flow/pair", "flow/estimators", "flow/consistency", "flow/files"),
    *("losses", "optimize", "metrics", "flicker", "looks/look", "methods/base", "methods/registry"),
    *("pipeline/__init__", "evaluation/measures", "flow_export/export"),
)

_HEAD = """# The Python API, by symbol

Written by `scripts/make_guides.py` from the docstrings. Pictures are arrays or tensors (3, H, W),
RGB; flow is (2, H, W), (dx, dy) in pixels. [In Python](python.md) has examples.
"""
Symbol = ast.FunctionDef | ast.ClassDef


def api() -> str:
    """The guide."""
    return "\n".join([_HEAD, *(part for path in _modules() for part in _module(path))])


def _modules() -> Iterator[Path]:
    for piece in PIECES:
        folder = PACKAGE / piece
        yield from sorted(folder.glob("*.py")) if folder.is_dir() else [PACKAGE / f"{piece}.py"]


def _module(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    if not (symbols := _public(tree.body)):
        return
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    name = ".".join(part for part in parts if part != "__init__")
    yield f"## {name}\n"
    for node in symbols:
        yield from _symbol(node)


def _public(body: list[ast.stmt]) -> list[Symbol]:
    """What is told of in a module or a class: it has a docstring, and no name of its own use alone."""
    found = [each for each in body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    return [each for each in found if not each.name.startswith("_") and ast.get_docstring(each)]


def _symbol(node: Symbol) -> Iterator[str]:
    yield f"### `{node.name}`\n"
    if isinstance(node, ast.FunctionDef):
        yield _fence("python", [_signature(node)])
        yield _said(node)
        return
    methods = [each for each in _public(node.body) if isinstance(each, ast.FunctionDef)]
    lines = [*_fields(node), *map(_signature, methods)]
    yield _fence("python", [_class_line(node), *(f"    {line}" for line in lines)])
    yield _said(node)
    for each in methods:
        yield f"`{node.name}.{each.name}`\n"
        yield _said(each)


def _said(node: Symbol) -> str:
    return _fence("text", (ast.get_docstring(node) or "").split("\n"))


def _fence(language: str, lines: list[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```", ""])


def _class_line(node: ast.ClassDef) -> str:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    return f"class {node.name}({bases}):" if bases else f"class {node.name}:"


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Those that have a type; of an option its default alone, as its help stands in the other guide."""
    for each in node.body:
        if not isinstance(each, ast.AnnAssign) or not isinstance(each.target, ast.Name):
            continue
        if each.target.id.startswith("_"):
            continue
        value = each.value
        if isinstance(value, ast.Call):  # option(DEFAULT, ...) and the like; others make theirs anew
            value = value.args[0] if "option" in ast.unparse(value.func) else None
        default = f" = {ast.unparse(value)}" if value is not None else ""
        yield f"{each.target.id}: {ast.unparse(each.annotation)}{default}"


def _signature(node: ast.FunctionDef) -> str:
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    names = [ast.unparse(each) for each in node.decorator_list]
    kinds = "".join(f"@{name} " for name in names if name in ("property", "classmethod", "staticmethod"))
    return f"{kinds}def {node.name}({ast.unparse(node.args)}){result}"
