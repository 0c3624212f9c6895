"""Google's own system tests of its Firestore client pass, as far as they do against Google's emulator."""

import pytest

from tests.upstream import running
from tests.upstream.suites import FIRESTORE


@pytest.mark.timeout(300)
async def test_googles_own_tests_pass_as_far_as_against_its_emulator():
    try:
        async with running.serving(FIRESTORE) as address:
            outcome = await running.run(FIRESTORE, address)
    except running.NotFetchedError as error:
        pytest.skip(f"the registry does not give {FIRESTORE.package}: {error}")
    assert outcome.failed <= FIRESTORE.failures.keys(), outcome.output
    assert outcome.passed >= FIRESTORE.at_least, outcome.output
