"""What does a person see who follows a mailed link? (``/emulator/action`` of Firebase's emulator)

https://firebase.google.com/docs/emulator-suite/connect_auth#emulated_emails: a link works with curl too, and one that
resets a password takes it as ``newPassword``.
"""

import html
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from local.auth.codes import Codes

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Local Firebase Auth</title>
<body style="font: 16px system-ui; margin: 3rem auto; max-width: 36rem"><p>{}</p></body></html>"""


async def follow(codes: Codes, query: Mapping[str, str]) -> Response:
    """AuthError: the code is not good."""
    body, mode, onward = {"oobCode": query.get("oobCode", "")}, query.get("mode", ""), query.get("continueUrl", "")
    if mode == "signIn":
        codes.find(body, "EMAIL_SIGNIN")
        if not onward:
            return _page("Hand this address to signInWithEmailLink of the app; the link has no continueUrl.")
        return RedirectResponse(_joined(onward, query))
    if mode == "resetPassword":
        if not query.get("newPassword"):
            return _page("Add &newPassword=NEW_PASSWORD to this address, and load it again.")
        await codes.reset_password({**body, "newPassword": query["newPassword"]})
        return _done("The password has been reset.", onward)
    await codes.confirm(body)
    return _done("The e-mail address has been confirmed.", onward)


def _joined(onward: str, query: Mapping[str, str]) -> str:
    """The app's own address with what it needs to sign in."""
    carried = urlencode({name: query[name] for name in ("mode", "lang", "oobCode", "apiKey") if name in query})
    return f"{onward}{'&' if urlsplit(onward).query else '?'}{carried}"


def _done(text: str, onward: str) -> Response:
    return RedirectResponse(onward) if onward else _page(text)


def _page(text: str) -> Response:
    return HTMLResponse(_PAGE.format(html.escape(text)))
