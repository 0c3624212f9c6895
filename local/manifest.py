"""What does a manifest ask of the cloud? Functions, queues, topics and buckets, read from its YAML file.

The format is explained at the top of ``functions/manifest.yaml``; only what a laptop needs is read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TRIGGERS = ("https", "tasks", "schedule", "pubsub")


class ManifestError(ValueError):
    """The manifest cannot be used; the message names the file, the place and what is expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function. ``source`` is an absolute path; ``timeout`` in seconds; ``concurrency``: requests at a time;
    ``schedule`` a cron expression or None, read in ``time_zone``, and ``retries`` what is done with a run of it that
    failed; ``topic`` the Pub/Sub topic that is pushed to it or None, and ``filter`` which of its messages;
    ``clients`` as the manifest names them; ``local_process``: which process of this machine serves it, empty for the
    main one."""

    name: str
    trigger: str
    source: Path
    entry_point: str
    paths: tuple[str, ...] = ()
    timeout: float = 60.0
    concurrency: int = 80
    schedule: str | None = None
    time_zone: str = "Etc/UTC"
    retries: Mapping[str, float] = field(default_factory=dict[str, float])
    topic: str | None = None
    filter: str = ""
    clients: tuple[str, ...] = ()
    local_process: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``queues``: settings by full name (``interactive-0``); ``service_account``: the name before the ``@`` of
    who calls functions that are not public; ``buckets``: settings by name, without the project; ``root``: the
    folder that the functions' code is imported from."""

    path: Path
    root: Path
    service_account: str
    functions: tuple[Function, ...]
    queues: Mapping[str, Mapping[str, Any]]
    topics: tuple[str, ...]
    buckets: Mapping[str, Mapping[str, Any]]

    def of_process(self, name: str) -> tuple[Function, ...]:
        """The functions that a process serves."""
        return tuple(function for function in self.functions if function.local_process == name)

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of the processes beside the main one."""
        return tuple(sorted({function.local_process for function in self.functions} - {""}))


def load(path: Path) -> Manifest:
    """Read a manifest. ManifestError: no such file, not YAML, or a function without what it needs."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read ({error.strerror}); name a manifest that exists") from error
    except yaml.YAMLError as error:
        raise ManifestError(f"{path}: is not YAML: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("functions"), dict):
        raise ManifestError(f"{path}: expected a mapping with 'functions'")
    root = _root(path.resolve(), [str(entry.get("source", "")) for entry in content["functions"].values()])
    return Manifest(
        path=path.resolve(),
        root=root,
        service_account=str(content.get("service_account") or "invoker"),
        functions=tuple(_function(path, root, name, entry) for name, entry in content["functions"].items()),
        queues=_queues(content.get("queues") or {}),
        topics=tuple(content.get("topics") or ()),
        buckets={name: entry or {} for name, entry in (content.get("buckets") or {}).items()},
    )


def _root(path: Path, sources: list[str]) -> Path:
    """The nearest folder above the manifest in which every source exists; else the folder above its own."""
    for folder in path.parents:
        if all((folder / source).is_file() for source in sources):
            return folder
    return path.parent.parent


def _function(path: Path, root: Path, name: str, entry: Mapping[str, Any]) -> Function:
    trigger, source, schedule = entry.get("trigger"), str(entry.get("source", "")), entry.get("schedule")
    if trigger not in TRIGGERS:
        raise ManifestError(f"{path}: functions.{name}.trigger is {trigger!r}; expected one of {', '.join(TRIGGERS)}")
    if not (root / source).is_file():
        raise ManifestError(f"{path}: functions.{name}.source: no file {source!r} in or above {path.parent}")
    if trigger == "schedule" and not schedule:
        raise ManifestError(f"{path}: functions.{name}: a scheduled function needs 'schedule', a cron expression")
    return Function(
        name=name,
        trigger=trigger,
        source=root / source,
        entry_point=str(entry.get("entry_point") or name),
        paths=tuple(entry.get("paths") or ()),
        timeout=float(entry.get("timeout") or 60.0),
        concurrency=int(entry.get("concurrency") or 80),
        schedule=schedule,
        time_zone=str(entry.get("time_zone") or "Etc/UTC"),
        retries=entry.get("retries") or {},
        topic=entry.get("topic"),
        filter=str(entry.get("filter") or ""),
        clients=tuple(entry.get("clients") or ()),
        local_process=str(entry.get("local_process") or ""),
    )


def _queues(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """``{name: {count: 2, …}}`` -> ``{name-0: {…}, name-1: {…}}``."""
    queues: dict[str, Mapping[str, Any]] = {}
    for name, entry in entries.items():
        settings = {key: value for key, value in entry.items() if key != "count"}
        for index in range(entry.get("count", 1)):
            queues[f"{name}-{index}"] = settings
    return queues
