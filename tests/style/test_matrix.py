"""Has every route a row in the authorisation matrix, and is what the row says it needs what the route asks for?"""

import sys
from collections.abc import Iterator

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from repository import ROOT

from functions.openapi import ROUTERS

sys.path.append(str(ROOT / "tests" / "functions"))

from authorisation import ANYBODY, IN_PERSON, MATRIX, PUBLIC

ROUTES = {
    f"{method} {route.path}": route
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
}


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert sorted(set(ROUTES) ^ set(MATRIX)) == [], "add it to MATRIX in tests/functions/authorisation.py"


@pytest.mark.parametrize("name", sorted(set(ROUTES) & set(MATRIX)))
def test_a_route_asks_for_what_its_row_says(name: str) -> None:
    asked = set(_asked(ROUTES[name].dependant))
    permissions = {one for one in asked if "." in one}
    (found,) = permissions or {IN_PERSON} & asked or {ANYBODY} & asked or {PUBLIC}
    assert len(permissions) < 2
    assert MATRIX[name].needs == found
    assert MATRIX[name].in_person == (bool(permissions) and IN_PERSON in asked)


def _asked(dependant: Dependant) -> Iterator[str]:
    names = {"caller": ANYBODY, "signed_in": IN_PERSON}
    for one in dependant.dependencies:
        permission = getattr(one.call, "permission", None)
        yield permission or names.get(getattr(one.call, "__name__", ""), "")
        yield from _asked(one)
