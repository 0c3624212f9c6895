"""How a refused call is said: a gRPC status code and a message that names the resource."""

from typing import NoReturn

import grpc


class FirestoreError(Exception):
    """A call that is answered with a status other than OK. Nothing was written."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> NoReturn:
    """The request itself is wrong: INVALID_ARGUMENT."""
    raise FirestoreError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> NoReturn:
    """NOT_FOUND."""
    raise FirestoreError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> NoReturn:
    """ALREADY_EXISTS."""
    raise FirestoreError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> NoReturn:
    """FAILED_PRECONDITION."""
    raise FirestoreError(grpc.StatusCode.FAILED_PRECONDITION, message)


def aborted(message: str) -> NoReturn:
    """The transaction lost against another: ABORTED. Clients run it again."""
    raise FirestoreError(grpc.StatusCode.ABORTED, message)
