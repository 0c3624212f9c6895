"""How does a program talk to the platform? Plain HTTP: sign in, then JSON with a bearer token.

Nothing here knows that the cloud is a local one, except where to sign in.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

MOST_TRIES = 5
LONGEST_WAIT_SECONDS = 65.0


class ApiError(Exception):
    """The platform refused a request; the message says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    email: str
    password: str


def read_endpoints(path: Path) -> dict[str, str]:
    """The endpoints file of a running local cloud. ApiError: there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ApiError(f"{path}: {error.strerror}; is everything started (make run)?") from error


def sign_in(auth_url: str, user: User) -> str:
    """An ID token of the user, who is signed up if there is no such user yet. ApiError: wrong password."""
    body = {"email": user.email, "password": user.password, "returnSecureToken": True}
    accounts = f"{auth_url}/identitytoolkit.googleapis.com/v1/accounts"
    answer = httpx.post(f"{accounts}:signUp?key=local", json=body, timeout=30)
    if answer.status_code == 400 and "EMAIL_EXISTS" in answer.text:
        answer = httpx.post(f"{accounts}:signInWithPassword?key=local", json=body, timeout=30)
    if answer.is_error:
        raise ApiError(f"{user.email} cannot sign in: {_reason(answer)}")
    return answer.json()["idToken"]


class Api:
    """The API as one user sees it. Waits when it is asked to (429, 503 with Retry-After)."""

    def __init__(self, gateway_url: str, id_token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{gateway_url}/api/v1", headers={"Authorization": f"Bearer {id_token}"}, timeout=60
        )

    def close(self) -> None:
        self._http.close()

    def graphs(self) -> Iterator[dict[str, Any]]:
        """Every graph of the user, in pages of a hundred."""
        yield from self._pages("/graphs")

    def get_graph(self, graph_id: str) -> dict[str, Any]:
        return self._call("GET", f"/graphs/{graph_id}")

    def create_graph(self, graph: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", "/graphs", json=graph)

    def replace_graph(self, graph_id: str, graph: dict[str, Any]) -> dict[str, Any]:
        """A new version, which becomes the active one."""
        return self._call("PUT", f"/graphs/{graph_id}", json=graph)

    def execute(self, graph_id: str, input_data: dict[str, Any]) -> str:
        """Start an execution; its id."""
        started = self._call("POST", f"/graphs/{graph_id}/executions", json={"input_data": input_data})
        return started["execution_id"]

    def get_execution(self, execution_id: str) -> dict[str, Any]:
        return self._call("GET", f"/executions/{execution_id}")

    def node_executions(self, execution_id: str) -> list[dict[str, Any]]:
        return list(self._pages(f"/executions/{execution_id}/nodes"))

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        query = {"page_size": "100"}
        while True:
            page = self._call("GET", path, params=query)
            yield from page["items"]
            if not page.get("next_page_token"):
                return
            query["page_token"] = page["next_page_token"]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, path, **options)
        for _ in range(MOST_TRIES):
            if answer.status_code not in (429, 503) or "Retry-After" not in answer.headers:
                break
            time.sleep(min(float(answer.headers["Retry-After"]), LONGEST_WAIT_SECONDS))
            answer = self._http.request(method, path, **options)
        if answer.is_error:
            raise ApiError(f"{method} {path}: {answer.status_code} {_reason(answer)}")
        return answer.json()


def _reason(answer: httpx.Response) -> str:
    """What an error answer says, with its violations, in a line."""
    try:
        error = answer.json()["error"]
        details: list[dict[str, Any]] = error.get("details", [])
        violations = [row for detail in details for row in detail.get("fieldViolations", [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.text[:300]
    places = [f"{row.get('field')}: {row.get('description')}" for row in violations]
    return "; ".join([str(error.get("message", "")), *places])
