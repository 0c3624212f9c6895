"""What of our own code can a function come to? By the names that definitions mention, read and not run.

A definition (a def or a class of a module's top level) comes to what it mentions: definitions of its own module, and
``module.name`` of others, wherever in the module they are imported. With a module come its statements and routes; a
text that names a module is one as well, since routers are imported by their names. Too much rather than too little:
what is mentioned may never be called.
"""

import ast
import functools
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("functions", "shared")
NAMED = tuple(f"{package}." for package in PACKAGES)
BODY = "(body)"

Place = tuple[str, str]
"""A module, and the name of a definition in it, or BODY."""


@dataclass(slots=True)
class Module:
    """``modules``: alias -> module; ``names``: alias -> definition of another; ``parts``: definition -> its nodes."""

    modules: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, Place] = field(default_factory=dict[str, Place])
    parts: dict[str, list[ast.AST]] = field(default_factory=dict[str, list[ast.AST]])


@functools.cache
def reached(source: str) -> frozenset[Place]:
    """All that the function in this file may come to."""
    module = source.removesuffix(".py").replace("/", ".")
    found: set[Place] = set()
    new = {(module, name) for name in read(module).parts}
    while new:
        found |= new
        new = {place for one in new for place in _mentioned(*one)} - found
    return frozenset(found)


def mentions(places: Set[Place], module: str, method: str) -> bool:
    """Whether any of these calls ``.method(`` in a module that imports ``module``."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == method
        for name, definition in places
        if module in read(name).modules.values()
        for part in read(name).parts[definition]
        for node in ast.walk(part)
    )


@functools.cache
def _mentioned(module: str, definition: str) -> frozenset[Place]:
    here = read(module)
    found: set[Place] = {(module, BODY)}
    for part in here.parts[definition]:
        nodes = list(ast.walk(part))
        own = _own(part, nodes)
        for node in nodes:
            match node:
                case ast.Constant(value=str(text)) if text.startswith(NAMED) and _path(text) is not None:
                    found.add((text, BODY))
                case ast.Name(id=name) if name in own:
                    pass
                case ast.Attribute(value=ast.Name(id=alias), attr=name) if alias in here.modules:
                    found |= _of(here.modules[alias], name)
                case ast.Name(id=name) if name in here.modules:
                    found.add((here.modules[name], BODY))
                case ast.Name(id=name) if name in here.names:
                    found |= _of(*here.names[name])
                case ast.Name(id=name) if name in here.parts:
                    found.add((module, name))
                case _:
                    pass
    return frozenset(found)


def _own(part: ast.AST, nodes: list[ast.AST]) -> set[str]:
    """The parameters and variables of a definition, which are called as they like."""
    if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.arg for node in nodes if isinstance(node, ast.arg)}


def _of(module: str, name: str) -> set[Place]:
    """A definition of a module; or one that it has from another, as its own."""
    there = read(module)
    if name in there.parts:
        return {(module, name), (module, BODY)}
    return {(module, BODY)} | (_of(*there.names[name]) if name in there.names else set[Place]())


@functools.cache
def read(module: str) -> Module:
    path = _path(module)
    assert path is not None, module
    tree, made = ast.parse(path.read_text(encoding="utf-8")), Module()
    made.parts[BODY] = []
    for node in tree.body:
        own = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        made.parts.setdefault(node.name if own and not _is_route(node) else BODY, []).append(node)
    for node in _imports(tree):
        for alias in node.names:
            whole, short = f"{node.module}.{alias.name}", alias.asname or alias.name
            if _path(whole) is not None:
                made.modules[short] = whole
            else:
                made.names[short] = (str(node.module), alias.name)
    return made


def _is_route(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return any("router" in ast.unparse(one) for one in node.decorator_list)


def _imports(tree: ast.AST) -> Iterator[ast.ImportFrom]:
    """At the top or in a body; for types alone nothing is imported."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ImportFrom):
            if str(node.module).partition(".")[0] in PACKAGES:
                yield node
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case) and not (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        ):
            yield from _imports(node)


@functools.cache
def _path(module: str) -> Path | None:
    for path in (ROOT / f"{module.replace('.', '/')}.py", ROOT / module.replace(".", "/") / "__init__.py"):
        if path.is_file():
            return path
    return None
