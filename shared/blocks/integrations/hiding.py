"""How does no secret of a credential come back out, whatever a service echoes of it?"""

import base64
from typing import Any, cast
from urllib import parse

from shared.blocks.credentials import ApiKey, Credential, HostScoped, OAuth2, UserPassword
from shared.domain import errors

_HIDDEN = "[secret]"
_MIN_SECRET = 4
"""Shorter ones are not looked for in answers: they would be found everywhere."""


class Hidden:
    """Takes the secrets of a credential out of what a service echoes."""

    def __init__(self, credential: Credential | None) -> None:
        self._secrets = _secrets(credential) if credential else []

    def text(self, text: str) -> str:
        for one in self._secrets:
            text = text.replace(one, _HIDDEN)
        return text

    def within(self, value: Any) -> Any:
        """A value of JSON, whatever is in it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.within(one) for one in cast(list[Any], value)]
        if isinstance(value, dict):
            return {self.text(key): self.within(one) for key, one in cast(dict[str, Any], value).items()}
        return value

    def answer(self, answer: Any) -> Any:
        content = answer.content
        if not any(one.encode() in content for one in self._secrets):
            return answer
        for one in self._secrets:
            content = content.replace(one.encode(), _HIDDEN.encode())
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in ("content-length", "content-encoding")}
        return type(answer)(answer.status_code, headers=headers, content=content)

    def failure(self, error: errors.BlockError) -> errors.BlockError:
        if isinstance(error, errors.Retryable):
            return errors.Retryable(self.text(error.message), after=error.after, reason=error.reason)
        return errors.BlockError(self.text(error.message), reason=error.reason)


def basic(credential: UserPassword) -> str:
    """https://www.rfc-editor.org/rfc/rfc7617."""
    return base64.b64encode(f"{credential.username}:{credential.password}".encode()).decode()


def _secrets(credential: Credential) -> list[str]:
    match credential:
        case ApiKey(api_key=text) | OAuth2(access_token=text):
            found = [text]
        case UserPassword(password=text):
            found = [basic(credential), text]
        case HostScoped(headers=headers):
            found = [*headers.values(), *(value.rpartition(" ")[2] for value in headers.values())]
    encoded = [parse.quote(text, safe="") for text in found]
    return [text for text in dict.fromkeys([*found, *encoded]) if len(text) >= _MIN_SECRET]
