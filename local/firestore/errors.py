"""How is a refused call said: by a gRPC status code and a message that names the resource."""

import grpc


class FirestoreError(Exception):
    """A call that is answered with a status other than OK. Nothing was written."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> FirestoreError:
    """The request itself is wrong: INVALID_ARGUMENT."""
    return FirestoreError(grpc.StatusCode.INVALID_ARGUMENT, message)


def elsewhere(name: str, database: str) -> FirestoreError:
    """A document is not in the database that the request is for: INVALID_ARGUMENT."""
    return invalid(f'The document "{name}" is not in the database "{database}" of the request.')


def not_found(message: str) -> FirestoreError:
    """NOT_FOUND."""
    return FirestoreError(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> FirestoreError:
    """ALREADY_EXISTS."""
    return FirestoreError(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> FirestoreError:
    """FAILED_PRECONDITION."""
    return FirestoreError(grpc.StatusCode.FAILED_PRECONDITION, message)


def aborted(message: str) -> FirestoreError:
    """The transaction lost against another: ABORTED. Clients run it again."""
    return FirestoreError(grpc.StatusCode.ABORTED, message)
