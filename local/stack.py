"""In which order does everything come up, and go down again? Services, functions, gateway.

The functions process imports its libraries while this one imports and starts the services: each has a core.
"""

import asyncio
import importlib
import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from local import manifest, ports
from local.data_folder import DataFolder
from local.functions_host import output
from local.functions_host.process import FunctionsProcess

if TYPE_CHECKING:
    from local.cloud import Cloud
    from local.database import Database
    from local.gateway.proxy import Gateway

log = logging.getLogger(__name__)

DEFAULT_GATEWAY_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class StackOptions:
    """``functions``: the manifest, or None for the services alone. ``ports``: service or ``gateway`` -> the port
    it must have; one that is not named takes what is free (the gateway 8080, if it is). ``faults``,
    ``profile`` and ``fsync`` as the options of the command line have them."""

    project: str
    functions: Path | None = None
    indexes: Path | None = None
    ports: Mapping[str, int] = field(default_factory=dict[str, int])
    faults: str = ""
    profile: str | None = None
    fsync: bool = False


class Stack:
    """Everything that answers, in and below this process."""

    def __init__(self, folder: DataFolder, options: StackOptions) -> None:
        self._folder = folder
        self._options = options
        self._functions: FunctionsProcess | None = None
        self._others: list[FunctionsProcess] = []
        self._cloud: Cloud | None = None
        self._database: Database | None = None
        self._gateway: Gateway | None = None
        self.endpoints: dict[str, str | None] = {}
        self.environment: dict[str, str] = {}
        self.notes: list[str] = []

    async def start(self) -> None:
        """Start everything and write ``endpoints.json`` once all of it answers. ManifestError, OSError (a named
        port is taken), FunctionsFailedError: what has started has to be stopped still."""
        started = time.monotonic()
        served = manifest.load(self._options.functions) if self._options.functions else None
        if served is not None:
            self._functions = FunctionsProcess(served.path, output.take)
            await self._functions.spawn()
        cloud = self._cloud = self._make_cloud()
        if served is not None and self._functions is not None:
            cloud.route(served.of_process(""), self._functions.url)
            for name in served.processes:
                other = FunctionsProcess(served.path, output.take, name=name)
                cloud.route(served.of_process(name), other.url)
                self._others.append(other)
        await cloud.start(self._options.ports)
        log.info("services answer after %.2f s", time.monotonic() - started)
        self.environment = {**self._folder.environment(os.environ), **cloud.environment(os.environ)}
        self.endpoints = {"gateway": None, **cloud.endpoints()}
        if served is not None and self._functions is not None:
            cloud.ensure(served)
            self.endpoints["gateway"] = await self._start_gateway(served, self._functions)
            await self._functions.start(self.environment)
            log.info("functions answer after %.2f s", time.monotonic() - started)
        self._folder.write_endpoints(self.endpoints)
        for other in self._others:  # they serve what can wait
            await other.keep(self.environment)

    async def stop(self) -> None:
        """What calls functions first, then the functions, then what they use."""
        self._folder.endpoints.unlink(missing_ok=True)
        if self._cloud is not None:
            await self._cloud.stop_calling()
        if self._gateway is not None:
            await self._gateway.stop()
        processes = [*self._others, *([self._functions] if self._functions is not None else [])]
        await asyncio.gather(*[process.stop() for process in processes])
        if self._cloud is not None:
            await self._cloud.stop()
            for what, times in sorted(self._cloud.disturbances.met.items()):
                log.info("injected fault: %s, %d times", what, times)
        if self._database is not None:
            self._database.close()

    def _make_cloud(self) -> "Cloud":
        # Imported here and not above, so that the functions process is already at work while this is.
        module = importlib.import_module("local.cloud")
        database = importlib.import_module("local.database").Database
        self._database = database(self._folder.database, fsync=self._options.fsync)
        faults = importlib.import_module("local.faults")
        profile = faults.PROFILES[self._options.profile] if self._options.profile else None
        return module.Cloud(
            self._database,
            self._options.project,
            indexes=self._options.indexes,
            disturbances=faults.Disturbances(faults.parse(self._options.faults), profile),
            outbox=self._folder.path,
        )

    async def _start_gateway(self, served: manifest.Manifest, functions: FunctionsProcess) -> str:
        proxy = importlib.import_module("local.gateway.proxy")
        urlmap = importlib.import_module("local.gateway.urlmap")
        gateway = self._gateway = proxy.Gateway(
            urlmap.UrlMap({function.name: function.paths for function in served.functions}),
            functions.url,
            functions.wait_until_ready,
            {function.name: function.timeout for function in served.functions},
        )
        return f"http://127.0.0.1:{await self._listen(gateway)}"

    async def _listen(self, gateway: "Gateway") -> int:
        """On the named port, or the usual one, or a free one where that is taken. OSError: the named one is taken."""
        named = self._options.ports.get("gateway")
        try:
            return await gateway.start(DEFAULT_GATEWAY_PORT if named is None else named)
        except OSError as error:
            if named is not None:
                raise ports.taken("gateway", "--port", named, error) from error
        port = await gateway.start(0)
        self.notes.append(f"Port {DEFAULT_GATEWAY_PORT} is taken; the gateway listens on {port} instead.")
        return port
