"""One router a resource; each function is made of some of them.

FastAPI's models of an OpenAPI document are left unbuilt, since no function writes one: ``defer_build`` has pydantic
build the validator of a model when it is first used, and a model has the setting that its base had when defined
(https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build). Those that name themselves
FastAPI asks for at once, by ``model_rebuild()``; they can wait as well. Our own are defined after this.
"""

from typing import Any

from pydantic import BaseModel

_rebuild = BaseModel.__dict__["model_rebuild"]


def _when_used(cls: type[BaseModel], **asked: Any) -> bool | None:
    """pydantic itself says more when it rebuilds what is used."""
    return _rebuild.__get__(None, cls)(**asked) if asked else None


BaseModel.model_config["defer_build"] = True
type.__setattr__(BaseModel, "model_rebuild", classmethod(_when_used))
import fastapi.openapi.models  # noqa: E402, F401  # pyright: ignore[reportUnusedImport]

type.__setattr__(BaseModel, "model_rebuild", _rebuild)
del BaseModel.model_config["defer_build"]
