"""How does Identity Toolkit say no?"""

from typing import Any


class AuthError(Exception):
    """An answer in Google's error form. ``message`` begins with the code that clients tell the cases apart
    by, such as EMAIL_EXISTS; see https://firebase.google.com/docs/reference/rest/auth (the lists of common
    errors)."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        reason = {"message": self.message, "reason": "invalid", "domain": "global"}
        error: dict[str, Any] = {"code": self.status, "message": self.message, "errors": [reason]}
        if self.status == 401:
            error["status"] = "UNAUTHENTICATED"
        return {"error": error}
