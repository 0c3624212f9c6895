"""Which models does the OpenAPI document name for a route? Those are read when the document is written.

    shapes = Shapes("functions.routers.shapes")

    @router.get("/me", response_model=shapes.User)

Bodies of such routes are checked by services, and answers are written as services give them: no request needs the
models, and an instance does not import them. A name that is none is found by whoever writes the document.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A model, by its name."""

    module: str
    name: str

    def read(self) -> Any:
        return getattr(importlib.import_module(self.module), self.name)


class Shapes:
    """A module of models, in the place of the module."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return Shape(module=self._module, name=name)


def read(value: Any) -> Any:
    """The same with models in the place of shapes, in mappings too."""
    if isinstance(value, Shape):
        return value.read()
    if isinstance(value, Mapping):
        return {key: read(one) for key, one in cast(Mapping[Any, Any], value).items()}
    return value
