"""How is a driver kept from following a SQL Server to an address that nobody judged?

A server may answer a login with the name of another one, to which the client is to go
(https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/2b3eb7e5-d43d-4d1b-bf4d-76b9e3afc791, ENVCHANGE type
20). python-tds opens that connection itself. It is always given its socket here, so whatever it would open by itself
is such a one: it is told to the caller instead.
"""

import socket
from types import ModuleType
from typing import Any


class Routed(Exception):
    """The server sends on to another."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port}")
        self.host = host
        self.port = port


class _Sockets:
    """The module ``socket``, without the way out."""

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def create_connection(self, address: tuple[str, int], *_: Any, **__: Any) -> Any:
        raise Routed(*address)


def guard(driver: ModuleType) -> None:
    """From now on ``driver`` opens no connection by itself."""
    if not isinstance(driver.socket, _Sockets):
        driver.socket = _Sockets()  # pyright: ignore[reportAttributeAccessIssue]
