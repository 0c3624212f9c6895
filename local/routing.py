"""Where does a function listen now?

Tasks, push subscriptions and scheduler jobs outlive the process, ports do not. So they hold URLs as
production has them, such as ``https://us-central1-weftly-local.cloudfunctions.net/run_node``, and the sender
asks here, at the moment it sends, which place of this machine that is.
"""

from urllib.parse import urlsplit

FUNCTIONS_HOST = ".cloudfunctions.net"


class NotRoutedError(LookupError):
    """A URL names a function that does not run here (yet). Sending it on would reach the real cloud, so the
    caller counts it as a failed delivery and tries again."""


class Routes:
    """The functions that run here, by name."""

    def __init__(self) -> None:
        self._base_urls: dict[str, str] = {}

    def register(self, function_name: str, base_url: str) -> None:
        """``function_name`` now answers at ``base_url`` (no trailing slash needed); a later call replaces
        it."""
        self._base_urls[function_name] = base_url.rstrip("/")

    def resolve(self, url: str) -> str:
        """The URL to call in place of ``url``: for a function's host, the function's base URL with the rest
        of the path and the query; any other URL unchanged. NotRoutedError: no such function is registered."""
        parts = urlsplit(url)
        if not (parts.hostname or "").endswith(FUNCTIONS_HOST):
            return url
        function_name, slash, rest = parts.path.lstrip("/").partition("/")
        base_url = self._base_urls.get(function_name)
        if base_url is None:
            raise NotRoutedError(f"{url}: no function {function_name!r} runs here; start it, or correct the URL")
        query = f"?{parts.query}" if parts.query else ""
        return f"{base_url}{slash}{rest}{query}"
