"""Hostile files get what they deserve, and their honest neighbours are kept."""

import pytest
from hostile import CASES, HARMLESS, NAMES, VIRUSES, Case

from shared.domain import file_names
from shared.inspection import verdicts
from shared.inspection.refusals import Refused

MAX_BYTES = 10_000_000


def _verdict(case: Case) -> str:
    """The media type, or the reason."""
    try:
        return verdicts.examine(case.data(), name=case.name, declared=case.declared, max_bytes=MAX_BYTES)
    except Refused as refused:
        return refused.reason


def test_there_are_fifty_and_more() -> None:
    assert len(CASES) >= 50
    assert len({case.what for case in [*CASES, *HARMLESS]}) == len(CASES) + len(HARMLESS)


@pytest.mark.parametrize("case", [one for one in CASES if one not in VIRUSES], ids=lambda case: case.what)
def test_what_is_hostile_is_refused_for_what_it_is(case: Case) -> None:
    assert _verdict(case) == case.deserves


@pytest.mark.parametrize("case", HARMLESS, ids=lambda case: case.what)
def test_what_is_harmless_is_kept_as_what_it_is(case: Case) -> None:
    assert _verdict(case) == case.deserves


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_that_lead_elsewhere_lead_nowhere(name: str) -> None:
    assert file_names.clean(name) == NAMES[name]
