"""What of a path may be told, in logs and on record? Its words, and what is an id; somebody may have put a secret
where an id belongs.
"""

import re
from typing import Any

_ID = re.compile(
    r"[0-9a-z]{26}"  # random, or derived from an idempotency key
    r"|[0-9a-f]{32,64}"  # derived
    r"|[A-Za-z0-9]{28}"  # of a user
    r"|[A-Z][A-Z0-9_]{0,63}"  # the type of a block
    r"|[0-9]{1,9}"
)


_WORD = re.compile(r"[a-z0-9_.-]{0,24}|[0-9a-z]{26}")
MAX_PATH = 500


def is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def shown(scope: Any) -> str:
    """The path of a request that was routed: what is no id in the place of one is left as the route has it; of one
    that leads nowhere, what are words."""
    route = scope.get("route")
    template: str = getattr(route, "path", "")
    if not template:
        return "/".join(step if _WORD.fullmatch(step) else "…" for step in scope["path"][:MAX_PATH].split("/"))
    path = template
    for name, value in scope.get("path_params", {}).items():
        if is_id(str(value)):
            path = path.replace(f"{{{name}}}", str(value))
    return path
