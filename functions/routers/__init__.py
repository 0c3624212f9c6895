"""One router a resource; each function is made of some of them.

FastAPI's models of an OpenAPI document are left unbuilt, since no function writes one: ``defer_build`` has pydantic
build the validator of a model when it is first used, and a model has the setting that its base had when defined
(https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build). Our own are defined after this.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
import fastapi.openapi.models  # noqa: E402, F401  # pyright: ignore[reportUnusedImport]

del BaseModel.model_config["defer_build"]
