"""Which function does a path belong to? The URL map of the load balancer, by the manifest's path templates.

``*`` is one segment, ``**`` one or more, at the end; of the templates that match, the most specific wins:
segment by segment, a literal before ``*`` before ``**``
(https://cloud.google.com/load-balancing/docs/url-map-concepts#wildcards-regx-dynamic-path).
"""

from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

_ANY, _REST = "*", "**"


class UrlMap:
    """Templates of path -> function name."""

    def __init__(self, paths: Mapping[str, Iterable[str]]) -> None:
        """``paths``: function name -> its templates. ValueError: a template without a leading ``/``, with ``**``
        before its end, or claimed by two functions."""
        templates: dict[tuple[str, ...], str] = {}
        for function_name, of_function in paths.items():
            for template in of_function:
                segments = _parse(template)
                if templates.setdefault(segments, function_name) != function_name:
                    raise ValueError(f"{template!r} belongs to both {templates[segments]} and {function_name}")
        self._templates = sorted(templates.items(), key=lambda entry: _generality(entry[0]))

    def find(self, raw_path: bytes) -> str | None:
        """The function for a path as it came over the wire (percent-encoded, no query), or None. An encoded slash
        stays inside its segment; a path with ``.`` or ``..`` in it, encoded or not, belongs to nobody."""
        segments = split(raw_path)
        if segments is None:
            return None
        for template, function_name in self._templates:
            if _matches(template, segments):
                return function_name
        return None


def split(raw_path: bytes) -> list[str] | None:
    """The decoded segments of a path; None if it has no leading slash, dot segments or control characters."""
    if not raw_path.startswith(b"/"):
        return None
    segments = [unquote_to_bytes(segment).decode("utf-8", "replace") for segment in raw_path[1:].split(b"/")]
    for segment in segments:
        parts = segment.replace("\\", "/").split("/")
        if "." in parts or ".." in parts or any(character < " " for character in segment):
            return None
    return segments


def _parse(template: str) -> tuple[str, ...]:
    segments = tuple(template[1:].split("/"))
    if not template.startswith("/") or _REST in segments[:-1]:
        raise ValueError(f"{template!r}: expected /segment/*/segment, with ** only at the end")
    return segments


def _generality(template: tuple[str, ...]) -> tuple[int, ...]:
    return tuple({_ANY: 1, _REST: 2}.get(segment, 0) for segment in template)


def _matches(template: tuple[str, ...], segments: list[str]) -> bool:
    if template[-1] == _REST:
        head = template[:-1]
        if len(segments) <= len(head):
            return False
    else:
        head = template
        if len(segments) != len(head):
            return False
    return all(wanted == given or (wanted == _ANY and given) for wanted, given in zip(head, segments, strict=False))
