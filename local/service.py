"""What every server of the local cloud looks like to the program that starts them all."""

from typing import Protocol


class Service(Protocol):
    """One server. It listens on loopback only, keeps its state in the shared database, and starts again from
    there: nothing durable holds a port or a host of the machine."""

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1:``port`` (0: any free one) and return the port. OSError: it is taken."""
        ...

    async def stop(self) -> None:
        """Finish what is under way, at once, and close."""
        ...
