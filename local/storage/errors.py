"""How does Cloud Storage say no?"""

from typing import Any
from xml.sax.saxutils import escape


class StorageError(Exception):
    """An answer in the JSON API's error form: https://cloud.google.com/storage/docs/json_api/v1/status-codes"""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        message = str(self)
        fault = {"message": message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": message, "errors": [fault]}}


class XmlError(Exception):
    """An answer in the XML API's error form: https://cloud.google.com/storage/docs/xml-api/reference-status"""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self._code = code

    def body(self) -> str:
        """The XML body of the answer."""
        code, message = escape(self._code), escape(str(self))
        return f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"


def invalid(message: str) -> StorageError:
    """The request itself is wrong."""
    return StorageError(400, "invalid", message)


def missing_bucket(bucket: str) -> StorageError:
    """No such bucket."""
    return StorageError(404, "notFound", f"The specified bucket does not exist: {bucket}")


def missing_object(bucket: str, name: str) -> StorageError:
    """No such object, or not of the generation asked for."""
    return StorageError(404, "notFound", f"No such object: {bucket}/{name}")


def condition_not_met(condition: str) -> StorageError:
    """A precondition does not hold."""
    return StorageError(
        412, "conditionNotMet", f"At least one of the pre-conditions you specified did not hold: {condition}."
    )
