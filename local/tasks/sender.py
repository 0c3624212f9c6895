"""What does a task look like on its way to the handler, and what does the answer mean?"""

import asyncio
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from local import calling
from local.identity import Identity
from local.routing import NotRoutedError, Routes
from local.tasks import wire

DEFAULT_DEADLINE_SECONDS = 600.0
# Set by the service alone:
# https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#httprequest
_RESERVED = ("host", "content-length", "user-agent", "x-cloudtasks-", "x-google-", "x-appengine-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one attempt. ``status`` None: no answer, for ``reason``. ``retry_after`` in seconds."""

    status: int | None
    reason: str
    retry_after: float = 0.0

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """Delivers tasks over one shared HTTP client."""

    def __init__(self, identity: Identity, routes: Routes, caller: calling.Calls) -> None:
        self._identity = identity
        self._routes = routes
        self._caller = caller

    async def close(self) -> None:
        await self._caller.close()

    async def send(self, task: Any, previous: Answer | None, now: float) -> Answer:
        """Deliver ``task``, whose counters already include this attempt. Never raises for what the handler or
        the network did."""
        request = task.http_request
        try:
            url = self._routes.resolve(request.url)
            async with asyncio.timeout(wire.seconds(task.dispatch_deadline) or DEFAULT_DEADLINE_SECONDS):
                method = wire.METHOD_NAMES[request.http_method]
                response = await self._caller.call(method, url, self._headers(task, previous), request.body)
        except TimeoutError:
            return Answer(status=None, reason="DEADLINE_EXCEEDED")
        except (NotRoutedError, calling.CallFailedError):
            return Answer(status=None, reason="UNAVAILABLE")
        return Answer(
            status=response.status,
            reason=f"HTTP status {response.status}",
            retry_after=_retry_after(response, now),
        )

    def _headers(self, task: Any, previous: Answer | None) -> dict[str, str]:
        """https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler"""
        request = task.http_request
        headers = {k: v for k, v in request.headers.items() if not k.lower().startswith(_RESERVED)}
        if request.body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/octet-stream"
        _, _, _, _, _, queue_id, _, task_id = task.name.split("/")
        eta = task.schedule_time
        headers["User-Agent"] = "Google-Cloud-Tasks"
        headers["X-CloudTasks-QueueName"] = queue_id
        headers["X-CloudTasks-TaskName"] = task_id
        headers["X-CloudTasks-TaskRetryCount"] = str(task.dispatch_count - 1)
        headers["X-CloudTasks-TaskExecutionCount"] = str(task.response_count)
        headers["X-CloudTasks-TaskETA"] = f"{eta.seconds}.{eta.nanos // 1000:06d}"
        if previous is not None:
            headers["X-CloudTasks-TaskRetryReason"] = previous.reason
            if previous.status is not None:
                headers["X-CloudTasks-TaskPreviousResponse"] = str(previous.status)
        if request.HasField("oidc_token"):
            oidc = request.oidc_token
            token = self._identity.mint_oidc(oidc.audience or request.url, oidc.service_account_email)
            headers["Authorization"] = f"Bearer {token}"
        elif request.HasField("oauth_token"):
            oauth = request.oauth_token
            headers["Authorization"] = f"Bearer {self._identity.mint_oauth(oauth.service_account_email, oauth.scope)}"
        return headers


def _retry_after(response: calling.Answer, now: float) -> float:
    """Seconds that a 429 or 503 asks to wait (a number or an HTTP date), else 0."""
    value = response.headers.get("retry-after", "")
    if response.status not in (429, 503) or not value:
        return 0.0
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return 0.0
