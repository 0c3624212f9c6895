"""How does a block call the HTTP API of a service, with the user's credential and without giving it away?

A family declares its ``Service``; a block opens a ``Session`` with what its credentials pin names, and calls. What a
service refuses becomes a ``BlockError`` that says what the service said; what may pass (429, 5xx) a ``Retryable``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib import parse

from pydantic import Field

from shared.blocks import completions
from shared.blocks.block import Context, Example
from shared.blocks.credentials import ApiKey, Credential, HostScoped, Need, OAuth2, UserPassword
from shared.blocks.integrations import hiding
from shared.domain import errors

MAX_SAID = 500
"""Characters of what a service said that go into an error."""
MAX_REDIRECTS = 3
_BUSY = (408, 425, 429)
_LONGEST_WAIT = 86_400
_AUTH = (401,)

Options = Mapping[str, Any]
"""Arguments of ``httpx.AsyncClient.request``."""
Authorize = Callable[[Credential], Options]


def bearer(credential: Credential) -> Options:
    """``Authorization: Bearer …``; of a user and password Basic (https://www.rfc-editor.org/rfc/rfc7617); of a host's
    credential its headers."""
    match credential:
        case ApiKey(api_key=secret) | OAuth2(access_token=secret):
            return {"headers": {"Authorization": f"Bearer {secret}"}}
        case UserPassword():
            return {"headers": {"Authorization": f"Basic {hiding.basic(credential)}"}}
        case HostScoped(headers=headers):
            return {"headers": dict(headers)}


def header(name: str, prefix: str = "") -> Authorize:
    """The key in a header of the service's own."""
    return lambda credential: {"headers": {name: f"{prefix}{secret(credential)}"}}


def parameter(name: str) -> Authorize:
    """The key in the query: only for services that take it nowhere else."""
    return lambda credential: {"params": {name: secret(credential)}}


def secret(credential: Credential) -> str:
    """The one secret of an API key or an access token."""
    match credential:
        case ApiKey(api_key=text) | OAuth2(access_token=text):
            return text
        case _:
            raise errors.BlockError(
                "The credentials have no key: name those of the kind api_key or oauth2",
                reason="CREDENTIALS_UNSUITABLE",
            )


def credentials_pin(service: str) -> Any:
    """The field of a credentials pin."""
    return Field(default=None, description=f"The id of your credentials for {service}.")


def without_credentials(input: Mapping[str, Any]) -> Example:
    """What every block of a service with accounts says without credentials."""
    return Example(title="Without credentials", input=input, fails="needs credentials for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``name``: for people. ``url``: where its paths begin; empty where a block finds that out. ``need``: None for a
    service without accounts."""

    name: str
    url: str = ""
    need: Need | None = None
    authorize: Authorize = bearer
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def open(self, context: Context, chosen: Any = None, *, url: str = "") -> "Session":
        """A session with the credential that ``chosen`` names. BlockError as ``Context.credential``."""
        if self.need is None:
            return Session(self, context, url or self.url, None)
        credential = await context.credential(self.need, chosen)
        return Session(self, context, url or self.url, credential)

    def needed(self) -> Mapping[str, Need]:
        """For ``Block.credentials``."""
        return {"credentials": self.need} if self.need is not None else {}


class Session:
    """Calls of one run of a block."""

    def __init__(self, service: Service, context: Context, url: str, credential: Credential | None) -> None:
        self.credential = credential
        self._service = service
        self._context = context
        self._url = url.rstrip("/")
        self._hidden = hiding.Hidden(credential)

    def hide(self, credential: Credential) -> None:
        """Another one that is used on the way, as a proxy's."""
        self._hidden = hiding.Hidden(credential)

    async def get(self, path: str, **options: Any) -> Any:
        return self.parsed(await self.request("GET", path, **options))

    async def find(self, path: str, **options: Any) -> Any:
        """As ``get``; None where the service has no such thing (404)."""
        answer = await self.request("GET", path, accept=(404,), **options)
        return None if answer.status_code == 404 else self.parsed(answer)

    async def post(self, path: str, **options: Any) -> Any:
        return self.parsed(await self.request("POST", path, **options))

    async def put(self, path: str, **options: Any) -> Any:
        return self.parsed(await self.request("PUT", path, **options))

    async def patch(self, path: str, **options: Any) -> Any:
        return self.parsed(await self.request("PATCH", path, **options))

    async def delete(self, path: str, **options: Any) -> Any:
        return self.parsed(await self.request("DELETE", path, **options))

    async def request(self, method: str, path: str, *, accept: Sequence[int] = (), **options: Any) -> Any:
        """The answer, of a status below 300 or one of ``accept``. ``path``: after the service's address, or one of
        its addresses. A GET is redirected within the service's hosts, and nothing else is. BlockError
        ``SERVICE_REFUSED``, ``CREDENTIALS_REFUSED``; Retryable ``SERVICE_UNAVAILABLE``; and as ``Outgoing``."""
        url = path if path.startswith(("https://", "http://")) else f"{self._url}{path}"
        left = MAX_REDIRECTS if method == "GET" else 0
        while True:
            answer = await self._send(method, url, options)
            if answer.status_code < 300 or answer.status_code in accept:
                return answer
            if answer.status_code >= 400:
                raise self._failure(answer)
            if left == 0:
                raise self.refused(f"answered {answer.status_code}: it wants to be asked at another address")
            left -= 1
            url = parse.urljoin(url, answer.headers.get("location", ""))
            options.pop("params", None)

    async def pages(
        self, path: str, *, items: str, after: Callable[[Any], Options | None], limit: int, **options: Any
    ) -> list[Any]:
        """The first ``limit`` of the elements under ``items`` of each page. ``after``: parameters of the page after
        this one; None where it is the last."""
        found: list[Any] = []
        params = dict(options.pop("params", {}))
        while True:
            page = await self.get(path, params=params, **options)
            found += page.get(items) or []
            more = after(page)
            if more is None or len(found) >= limit:
                return found[:limit]
            params |= more

    def key(self) -> str:
        """The key itself, for a service that takes it in the path."""
        if self.credential is None:
            raise self.refused("needs a key", reason="CREDENTIALS_UNSUITABLE")
        return parse.quote(secret(self.credential), safe=":")

    def address(self) -> str:
        """The credential itself, where it is the address of a webhook, which is as good as a key."""
        address = secret(self.credential) if self.credential else ""
        if not address.startswith("https://"):
            raise self.refused("is called at the address of a webhook: https://…", reason="CREDENTIALS_UNSUITABLE")
        return address

    def parsed(self, answer: Any) -> Any:
        """The JSON of an answer; null where it is empty."""
        if not answer.content:
            return None
        try:
            return answer.json()
        except (ValueError, RecursionError) as error:
            raise self.refused("answered with what is not JSON") from error

    def refused(self, what: str, *, reason: str = "SERVICE_REFUSED") -> errors.BlockError:
        """The service did not do what it was asked. ``what`` follows its name."""
        return errors.BlockError(self._hidden.text(f"{self._service.name} {what}"), reason=reason)

    def unauthorized(self, what: str) -> errors.BlockError:
        where = self._service.need.where if self._service.need else ""
        return self.refused(f"{what}; make new credentials at {where}", reason="CREDENTIALS_REFUSED")

    def busy(self, what: str, after: float | None = None) -> errors.Retryable:
        text = self._hidden.text(f"{self._service.name} {what}")
        return errors.Retryable(text, after=after, reason="SERVICE_UNAVAILABLE")

    async def _send(self, method: str, url: str, options: Options) -> Any:
        self._check_host(url)
        authorized = self._service.authorize(self.credential) if self.credential else {}
        merged = {**options, "follow_redirects": False}
        for name in ("headers", "params", "json", "data"):
            several = [
                *([self._service.headers] if name == "headers" else []),
                *([authorized[name]] if name in authorized else []),
                *([options[name]] if options.get(name) is not None else []),
            ]
            if several:
                merged[name] = several[-1] if len(several) == 1 else _merged(several)
        try:
            answer = await self._context.http.request(method, url, **merged)
        except errors.BlockError as error:
            raise self._hidden.failure(error) from None
        return self._hidden.answer(answer)

    def _check_host(self, url: str) -> None:
        """A credential goes to the hosts that were declared, and nowhere else."""
        if self.credential is None or self._service.need is None:
            return
        parts = parse.urlsplit(url)
        hosts = self._service.need.hosts
        if isinstance(self.credential, HostScoped) and not hosts:
            hosts = (self.credential.host,)
        if parts.scheme != "https":
            raise self.refused("would be asked without encryption", reason="CREDENTIALS_UNSUITABLE")
        if not any(is_host(parts.hostname or "", parts.port, one) for one in hosts):
            raise self.refused(
                f"would be asked at {parts.hostname}; its credentials go to {', '.join(hosts)} alone",
                reason="CREDENTIALS_UNSUITABLE",
            )

    def _failure(self, answer: Any) -> errors.BlockError:
        status = answer.status_code
        what = f"answered {status}: {said(answer)}"
        if status in _BUSY or status >= 500 or (status == 403 and _is_limited(answer)):
            return self.busy(what, completions.retry_after(answer.headers, self._context) or _patience(answer))
        return self.unauthorized(what) if status in _AUTH and self.credential else self.refused(what)


def is_host(host: str, port: int | None, allowed: str) -> bool:
    """Whether ``allowed`` (``example.com``, ``example.com:8443``, ``*.example.com``: any below) admits the host."""
    name, _, wanted = allowed.lower().partition(":")
    if wanted and str(port) != wanted:
        return False
    host = host.lower().rstrip(".")
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


def said(answer: Any) -> str:
    """What a service said of a failure: the message of its JSON, by the names that services use, else its text."""
    try:
        text = _message(answer.json())
    except (ValueError, RecursionError):
        text = answer.text
    text = " ".join((text or answer.text or "nothing").split())
    return text if len(text) <= MAX_SAID else f"{text[:MAX_SAID]} …"


def _message(body: Any) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, Sequence) and body:
        return _message(body[0])
    if isinstance(body, Mapping):
        fields = cast(Mapping[str, Any], body)
        for name in ("error", "errors", "message", "error_description", "detail", "description", "title"):
            found = _message(fields.get(name))
            if found and name == "error" and isinstance(fields.get("message"), str):
                return f"{found}: {fields['message']}"
            if found:
                return found
    return ""


def _is_limited(answer: Any) -> bool:
    """A limit of calls that is told with 403: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api,
    https://developers.google.com/workspace/gmail/api/guides/handle-errors."""
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in answer.headers or "ateLimitExceeded" in answer.text


def _patience(answer: Any) -> float | None:
    """Seconds to wait, where the body says them: https://core.telegram.org/bots/api#responseparameters,
    https://docs.discord.com/developers/topics/rate-limits."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    fields = cast(Mapping[str, Any], body) if isinstance(body, Mapping) else {}
    inner = fields.get("parameters")
    seconds = (cast(Mapping[str, Any], inner) if isinstance(inner, Mapping) else fields).get("retry_after")
    return float(seconds) if isinstance(seconds, int | float) and 0 < seconds < _LONGEST_WAIT else None


def _merged(several: Sequence[Any]) -> dict[str, Any]:
    return {key: value for one in several for key, value in dict(one).items()}


def path(*segments: str) -> str:
    """``/a/b``, each segment quoted. BlockError where one is empty or would lead elsewhere."""
    for segment in segments:
        if segment.strip(". ") == "":
            raise errors.BlockError(f"{segment!r} cannot stand in an address: give an id or a name")
    return "".join(f"/{parse.quote(segment.strip(), safe='')}" for segment in segments)


def several(values: Sequence[Any], one: str, all_of_them: str) -> Iterator[tuple[str, Any]]:
    """Each value on one pin, then all on another, as blocks with a list do."""
    for value in values:
        yield one, value
    yield all_of_them, list(values)
