"""Does every error carry what a caller needs of it?"""

import re

import pytest

from shared.domain import errors
from shared.domain.errors import WeftlyError

ANSWERS = WeftlyError.__subclasses__()


@pytest.mark.parametrize("error", ANSWERS, ids=lambda e: e.__name__)
def test_an_error_says_what_the_tree_of_errors_says(error: type[WeftlyError]):
    drawn = re.search(rf"── {error.__name__} +(\d+) +([A-Z_]+) +([A-Z_]+)\n", errors.__doc__ or "")
    assert drawn is not None
    made = error("It went wrong.")
    assert (str(made.code), made.status, made.reason) == drawn.groups()


def test_an_error_reads_as_its_message():
    assert str(errors.NotFound("There is no graph 'g'.")) == "There is no graph 'g'."


def test_a_given_reason_goes_before_that_of_the_kind():
    assert errors.Conflict("There is one.", reason="NAME_TAKEN").reason == "NAME_TAKEN"


def test_only_what_may_pass_by_itself_is_worth_another_call():
    retryable = {error.__name__ for error in ANSWERS if error.retryable}
    assert retryable == {"TooManyRequests", "BadGateway", "Unavailable", "GatewayTimeout"}


def test_a_block_error_has_a_message_and_a_reason():
    made = errors.BlockError("The page is gone.")
    assert (str(made), made.message, made.reason) == ("The page is gone.", "The page is gone.", "BLOCK_FAILED")
    assert errors.BlockError("It took too long.", reason="TIMEOUT").reason == "TIMEOUT"


def test_a_retryable_error_is_a_block_error_that_may_say_when():
    made = errors.Retryable("Busy.", after=2.5, reason="UPSTREAM")
    assert isinstance(made, errors.BlockError)
    assert (made.message, made.reason, made.after) == ("Busy.", "UPSTREAM", 2.5)
    assert errors.Retryable("Busy.").after is None


def test_what_is_not_valid_is_told_with_its_first_violation():
    violations = [errors.Violation("name", "It is missing."), errors.Violation("tags", "It must be a list.")]
    assert errors.invalid("The file is not valid", violations).message == (
        "The file is not valid: name: It is missing. (and 1 more)"
    )
    one = errors.invalid("The file is not valid", violations[:1], reason="INVALID_FILE")
    assert (one.message, one.reason) == ("The file is not valid: name: It is missing.", "INVALID_FILE")
    assert errors.invalid("It", violations).reason == "INVALID_ARGUMENT"
