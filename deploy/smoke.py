"""Does what was just deployed answer? ``python3 -m deploy.smoke URL``

Without an account: health, shallow and deep where it is served; every path of the API is answered by ours (401 or
another error in AIP-193's form, never HTML), and nothing is let in without a token; pages are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

SECONDS = 30
OPEN = ("/health", "/docs", "/openapi.json", "/static/**")
"""What anybody may read."""


class SmokeError(Exception):
    """It does not answer as it must; the message says what was asked and what came."""


def ask(base: str, paths: Iterable[str], candidate: str = "") -> None:
    """SmokeError: a path is not answered as it must. ``candidate``: the bundle whose revision is meant."""
    headers = {"x-weftly-candidate": candidate} if candidate else {}
    for path in paths:
        if path == "/health":
            _expect(base, "/health", headers, 200)
            _expect(base, "/health?deep=true", headers, 200)
        elif path in OPEN:
            _get(base + path.replace("**", "docs.js"), headers, {200})
        elif path.startswith("/api/"):
            _expect(base, path.replace("**", "x").replace("*", "x"), headers, 401, 404, 405)
        else:  # a page for people
            _get(base + path.replace("**", "x").replace("*", "x"), headers, {200, 404})


def _expect(base: str, path: str, headers: Mapping[str, str], *statuses: int) -> None:
    status, body = _get(base + path, headers, set(statuses))
    try:
        answer: Any = json.loads(body)
    except ValueError as error:
        raise SmokeError(f"GET {base}{path}: {status} without JSON: {body[:200]!r}") from error
    if status >= 400 and answer.get("error", {}).get("code") != status:
        raise SmokeError(f"GET {base}{path}: {status}, and not in the form of our errors: {body[:200]!r}")


def _get(url: str, headers: Mapping[str, str], statuses: set[int]) -> tuple[int, bytes]:
    request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - the operator's own URL
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            status, body = error.code, error.read()
    except OSError as error:
        raise SmokeError(f"GET {url}: no answer ({error})") from error
    if status not in statuses:
        raise SmokeError(f"GET {url}: {status}, expected {' or '.join(map(str, sorted(statuses)))}: {body[:200]!r}")
    return status, body


def main(arguments: list[str]) -> int:
    """All paths of ``.dist/release.json`` at one URL: a running stack. The exit code: 1 with the reason on stderr."""
    from deploy import google

    parser = argparse.ArgumentParser(prog="python3 -m deploy.smoke", description="Does a deployment answer?")
    parser.add_argument("url", help="where it is, as http://127.0.0.1:8080")
    url = parser.parse_args(arguments).url.rstrip("/")
    try:
        release = json.loads((google.DIST / "release.json").read_text())
        for function in release["functions"].values():
            ask(url, function["paths"])
    except SmokeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except FileNotFoundError as error:
        sys.stderr.write(f"error: {error.filename}, which says what to ask, is not there: make bundle.\n")
        return 1
    sys.stdout.write(f"{url} answers as it must.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
