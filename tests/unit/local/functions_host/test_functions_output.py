"""What of the functions' output does a person at the terminal need to see?"""

import pytest

from local.functions_host import output


@pytest.mark.parametrize(
    ("stream", "line", "shown"),
    [
        ("stdout", '{"severity": "INFO", "message": "started"}', None),
        ("stderr", '{"severity": "INFO", "message": "started"}', None),
        ("stdout", '{"severity": "ERROR", "message": "no disk"}', "ERROR functions: no disk"),
        ("stdout", '{"severity": "WARNING", "message": "slow"}', "WARNING functions: slow"),
        ("stdout", "a print", None),
        ("stderr", "Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("stderr", "{not json", "{not json"),
        (
            "stdout",
            '{"severity": "ERROR", "message": "no disk", "stack_trace": "line 1\\nline 2"}',
            "ERROR functions: no disk\nline 1\nline 2",
        ),
    ],
)
def test_warnings_and_errors_are_shown(stream: str, line: str, shown: str | None) -> None:
    assert output.for_terminal(stream, line) == shown
