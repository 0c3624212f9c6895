"""Does a text hold a key or a password? Found are those that have a form, and those that stand behind their name.

What a template fills in, as in ``password={{ password }}``, is none.
"""

import re
from collections.abc import Mapping

_NAMES = r"""(?i:passw(?:or)?d|passphrase|pwd|secret|token|(?:api|access|account|secret|private)[-_ ]?key)"""
_BEHIND = r"""["']?\s*[:=]\s*["']?"""
_WORD = r"""[^\s"'<>{},;&]"""
_ODD = rf"(?![/~.])(?={_WORD}*[0-9])(?={_WORD}*[A-Za-z]){_WORD}{{8,}}"
"""What nobody writes as an example: letters and digits."""

_FORMS: Mapping[str, str] = {
    "a key of this platform": r"\bwk_[0-9a-z]{26}_[0-9A-Za-z_-]{43}",
    "a key of a language model's provider": r"\bsk-(?:[A-Za-z]+-)*[A-Za-z0-9_-]{20,}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "a GitHub token": r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})",
    "a GitLab token": r"\bglpat-[0-9A-Za-z_-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a Google API key": r"\bAIza[0-9A-Za-z_-]{35}",
    "a Hugging Face token": r"\bhf_[0-9A-Za-z]{30,}",
    "a SendGrid key": r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    "a Telegram token": r"(?:\b|/bot)[0-9]{6,12}:AA[0-9A-Za-z_-]{20,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY",
    "a signed token": r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}",
    "a bearer token": r"(?i:\bbearer)\s+[0-9A-Za-z._~+/-]{20,}",
    "a password of HTTP": rf"(?i:\bauthorization){_BEHIND}(?i:basic|digest|token|bearer)\s+[^\s\"'<>{{}}]{{8,}}",
    "a password in an address": r"(?i:\b[a-z][a-z0-9+.-]*)://[^\s/:@{}]+:[^\s/@{}]+@",
    "a key in an address": (
        r"[?&](?i:(?:[a-z0-9]+[-_])*(?:token|secret|password|signature)|sig|(?:api|access|subscription)[-_]?key)"
        rf"=[^\s&{{}}\"']{{8,}}|[?&](?i:key|appid|code)={_ODD}"
    ),
    "the address of somebody's webhook": (
        r"//hooks\.(?:slack|zapier)\.com/[^\s{}\"']{16,}|//discord(?:app)?\.com/api/webhooks/[0-9]+/[0-9A-Za-z_-]{20,}"
        r"|\.webhook\.office\.com/[^\s{}\"']{16,}"
    ),
    "a password": rf"{_NAMES}{_BEHIND}{_ODD}",
}
_ANY = re.compile("|".join(f"(?:{form})" for form in _FORMS.values()))
_SINGLE = {what: re.compile(form) for what, form in _FORMS.items()}


def looks_like(text: str) -> str:
    """What the first key in a text looks like; "": there is none."""
    if not _ANY.search(text):
        return ""
    return next(what for what, form in _SINGLE.items() if form.search(text))
