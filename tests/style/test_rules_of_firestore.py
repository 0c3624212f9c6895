"""Do the rules of Firestore deny clients everything? They come through the API."""

import re

from repository import ROOT

RULES = (ROOT / "terraform" / "firestore.rules").read_text(encoding="utf-8")


def test_nothing_is_allowed() -> None:
    allowed = re.findall(r"allow\s+([^;]*);", RULES)
    assert allowed == ["read, write: if false"]


def test_the_denial_concerns_every_document() -> None:
    assert re.findall(r"match\s+(\S+)\s*\{", RULES) == ["/databases/{database}/documents", "/{document=**}"]
