"""What do all functions have in common as they start? Pydantic builds the validator of a model when it is first used.

An instance that starts needs the models of its first request, and none of those with which FastAPI describes an
OpenAPI document. https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build
"""

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
