"""How do all functions start? Without building FastAPI's models of an OpenAPI document, which none of them writes.

``defer_build`` has pydantic build the validator of a model when it is first used
(https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build); a model has the setting of its
base from when it is defined. Our own models are defined after this, as ever.
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
import fastapi.openapi.models  # noqa: E402, F401  # pyright: ignore[reportUnusedImport]

del BaseModel.model_config["defer_build"]
