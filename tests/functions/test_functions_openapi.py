"""Is the OpenAPI document current, and does it tell the truth?"""

import importlib
import json
import pkgutil

import pytest
from served import MakeApi, User, error_of

from functions import openapi, routers


def test_the_document_is_current():
    assert openapi.DOCUMENT.read_bytes() == openapi.text(), "run: python -m functions.openapi"


def test_no_resource_is_left_out_of_the_document():
    modules = [
        importlib.import_module(f"functions.routers.{one.name}") for one in pkgutil.iter_modules(routers.__path__)
    ]
    public = {one.__name__ for one in modules if hasattr(one, "router") and one.router.include_in_schema}
    documented = {one.__name__ for one in modules if getattr(one, "router", None) in openapi.ROUTERS}
    assert public - documented == set(), "add it to ROUTERS in functions/openapi.py"


def _operations():
    for path, operations in json.loads(openapi.DOCUMENT.read_bytes())["paths"].items():
        for method, operation in operations.items():
            yield pytest.param(operation, id=f"{method} {path}")


@pytest.mark.parametrize("operation", list(_operations()))
def test_every_error_is_documented_as_aip_193_and_none_is_422(operation: dict):
    error = {"$ref": "#/components/schemas/ErrorAnswer"}
    assert "422" not in operation["responses"]
    for code in ("400", "401", "404", "default"):
        assert operation["responses"][code]["content"]["application/json"]["schema"] == error


def test_every_reference_leads_somewhere():
    text = openapi.DOCUMENT.read_text()
    schemas = json.loads(text)["components"]["schemas"]
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= set(schemas)


def test_every_operation_has_a_name_of_its_own():
    operations = [one.values[0] for one in _operations()]
    summaries = [operation["summary"] for operation in operations]
    assert len(set(summaries)) == len(summaries)
    made_from_code = [text for text in summaries if text == text.title() and text != "Sign In"]
    assert made_from_code == []


@pytest.mark.parametrize("path", ["/graphs/a%0Ab", "/graphs/%0A/webhooks", "/%0A", "/graphs/x%0A"])
async def test_a_path_with_a_line_break_is_answered_as_any_other(make_api: MakeApi, user: User, path: str) -> None:
    for function in ("graphs", "users"):
        error_of(await make_api(function, user).get(path), 404)
