"""What is in a delivery of a webhook? JSON, whatever it is called; or the fields of a form, where it is called one.

GitHub sends either, as its user chose (https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks), and
Slack a form for commands and buttons (https://docs.slack.dev/interactivity/implementing-slash-commands): the JSON of
the event is in its field ``payload``, or the fields are the event.
"""

from typing import Any
from urllib.parse import parse_qs

from shared.domain import errors
from shared.http import json_text

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1_000


def read(body: bytes, content_type: str) -> Any:
    """InvalidArgument: it is neither."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        return json_text.loads(body)
    try:
        found = parse_qs(
            body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise errors.InvalidArgument(
            f"The request body is not a form as its content type says: {error}; of JSON say application/json."
        ) from error
    if set(found) == {"payload"}:
        return json_text.loads(found["payload"][0].encode())
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
