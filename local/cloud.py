"""Google Cloud in one process: which services are there, where do they listen, and what must exist in them?

Used by the launcher, and by tests that want a database or a queue of their own.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from local import faults, ports
from local.auth import AuthService
from local.database import Database
from local.faults import over_grpc
from local.fcm import FcmService
from local.firestore import index_file
from local.firestore.service import FirestoreService
from local.identity import Identity
from local.llm_stub import LlmStubService
from local.mail import MailService
from local.manifest import Function, Manifest
from local.pubsub import PubSubService
from local.routing import Routes
from local.scheduler import SchedulerService
from local.scheduler.job import MAX_DEADLINE_SECONDS, MIN_DEADLINE_SECONDS, Retries
from local.service import Service
from local.serving import HOST
from local.storage import StorageService
from local.tasks import TasksService

REGION = "us-central1"


class Cloud:
    """All services over one database. ``indexes``: the index file that the local Firestore holds queries to;
    ``disturbances``: what shall go wrong; ``outbox``: the folder that mail and push messages are put in."""

    def __init__(
        self,
        database: Database,
        project: str,
        *,
        indexes: Path | None = None,
        clock: Callable[[], float] = time.time,
        disturbances: faults.Disturbances | None = None,
        outbox: Path | None = None,
    ) -> None:
        self.project = project
        self.routes = Routes()
        identity = Identity(database, clock)
        loaded = index_file.IndexFile.load(indexes) if indexes else None
        self.disturbances = disturbances or faults.Disturbances(faults.Spec())
        of = self.disturbances.of
        around_firestore = over_grpc.interceptors(of("firestore"))
        self.firestore = FirestoreService(database, indexes=loaded, interceptors=around_firestore)
        self.auth = AuthService(database, identity, project, disturbance=of("auth"))
        self.tasks = TasksService(database, identity, self.routes, disturbance=of("tasks"))
        self.pubsub = PubSubService(database, identity, self.routes, disturbance=of("pubsub"))
        self.storage = StorageService(
            database, disturbance=of("storage"), identity=identity, publish=self.pubsub.publish
        )
        self.llm = LlmStubService(disturbance=of("llm"))
        self.mail = MailService(outbox / "mail" if outbox else None)
        self.fcm = FcmService(outbox / "push" if outbox else None, of("fcm"))
        self.scheduler = SchedulerService(database, identity, self.routes, clock, of("scheduler"))
        self._ports: dict[str, int] = {}

    @property
    def _services(self) -> dict[str, Service]:
        """In the order in which they start; those that call functions come last, and stop first."""
        return {
            "firestore": self.firestore,
            "auth": self.auth,
            "storage": self.storage,
            "llm": self.llm,
            "mail": self.mail,
            "fcm": self.fcm,
            "pubsub": self.pubsub,
            "tasks": self.tasks,
            "scheduler": self.scheduler,
        }

    async def start(self, named: Mapping[str, int] | None = None) -> None:
        """Start every service, on the ports named (by service) or on free ones. OSError: one is taken."""
        for name, service in self._services.items():
            port = (named or {}).get(name, 0)
            try:
                self._ports[name] = await service.start(port)
            except OSError as error:
                raise ports.taken(name, f"--{name}-port", port, error) from error

    async def stop_calling(self) -> None:
        """Stop what calls functions, so that nothing new begins; the rest still answers."""
        running = [name for name in ("scheduler", "tasks", "pubsub") if self._ports.pop(name, None) is not None]
        await asyncio.gather(*[self._services[name].stop() for name in running])

    async def stop(self) -> None:
        await self.stop_calling()
        running = [service for name, service in self._services.items() if self._ports.pop(name, None) is not None]
        await asyncio.gather(*[service.stop() for service in running])

    def address(self, name: str) -> str:
        """``host:port`` of a running service."""
        return f"{HOST}:{self._ports[name]}"

    def endpoints(self) -> dict[str, str | None]:
        """Where the services answer, as ``endpoints.json`` has it."""
        return {
            "auth": f"http://{self.address('auth')}",
            "firestore": self.address("firestore"),
            "pubsub": self.address("pubsub"),
            "tasks": self.address("tasks"),
            "storage": f"http://{self.address('storage')}",
            "mail": self.address("mail"),
            "fcm": f"http://{self.address('fcm')}",
        }

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """What a program needs in its environment to use this cloud instead of Google's. The LLM stub is part of it
        only where ``inherited`` does not say which API to use."""
        emulators = {
            "GOOGLE_CLOUD_PROJECT": self.project,
            "FIRESTORE_EMULATOR_HOST": self.address("firestore"),
            "PUBSUB_EMULATOR_HOST": self.address("pubsub"),
            "FIREBASE_AUTH_EMULATOR_HOST": self.address("auth"),
            "CLOUD_TASKS_EMULATOR_HOST": self.address("tasks"),
            "STORAGE_EMULATOR_HOST": f"http://{self.address('storage')}",
            "OIDC_CERTS_URL": f"http://{self.address('auth')}/oauth2/v3/certs",
        }
        if not inherited.get("MAIL_URL"):  # it goes nowhere: an address needs no proof
            emulators |= {"MAIL_URL": f"smtp://{self.address('mail')}", "MAIL_TO_UNVERIFIED": "true"}
        if not inherited.get("FCM_URL"):
            emulators["FCM_URL"] = f"http://{self.address('fcm')}"
        if not inherited.get("OPENAI_API_KEY") and not inherited.get("OPENAI_BASE_URL"):
            emulators |= {"OPENAI_BASE_URL": f"http://{self.address('llm')}/v1", "OPENAI_API_KEY": "stub"}
            emulators["OPENAI_RESPONSES_API"] = "true"
        return emulators

    def ensure(self, manifest: Manifest) -> None:
        """Have the queues, topics, subscriptions, buckets and jobs of a manifest. What is there stays."""
        for name, settings in manifest.queues.items():
            self.tasks.ensure_queue(self._path("locations", REGION, "queues", name), **_queue_options(settings))
        for name in manifest.topics:
            self.pubsub.ensure_topic(self._path("topics", name))
        for name, settings in manifest.buckets.items():
            self.storage.ensure_bucket(f"{self.project}-{name}", _lifecycle(settings))
            if topic := settings.get("notifies"):
                self.storage.ensure_notification(
                    f"{self.project}-{name}", self._path("topics", topic), ["OBJECT_FINALIZE"]
                )
        caller = f"{manifest.service_account}@{self.project}.iam.gserviceaccount.com"
        for function in manifest.functions:
            url = self.function_url(function.name)
            if function.topic:
                topic = self._path("topics", function.topic)
                subscription = self._path("subscriptions", function.name)
                self.pubsub.ensure_push_subscription(
                    subscription, topic, url, caller, ack_deadline_seconds=600, message_filter=function.filter
                )
            if function.schedule:
                self.scheduler.ensure_job(
                    function.name,
                    function.schedule,
                    function.time_zone,
                    url,
                    caller,
                    attempt_deadline=min(max(function.timeout, MIN_DEADLINE_SECONDS), MAX_DEADLINE_SECONDS),
                    retries=_retries(function),
                    run_on_start=True,
                )

    def route(self, functions: Iterable[Function], base_url: str) -> None:
        """Send calls of these functions to ``base_url``/NAME."""
        for function in functions:
            self.routes.register(function.name, f"{base_url}/{function.name}")

    def function_url(self, name: str) -> str:
        """The URL of a function as production has it, which is what is stored."""
        return f"https://{REGION}-{self.project}.cloudfunctions.net/{name}"

    def _path(self, *parts: str) -> str:
        return "/".join(("projects", self.project, *parts))


def _retries(function: Function) -> Retries:
    """ValueError: the manifest names a setting that Cloud Scheduler has not."""
    try:
        return Retries(**function.retries)  # pyright: ignore[reportArgumentType]
    except TypeError as error:
        raise ValueError(f"functions.{function.name}.retries: {error}") from error


def _lifecycle(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the bucket deletes by itself."""
    conditions = [
        {"age": days, **({"matchesPrefix": [prefix]} if prefix else {})}
        for prefix, days in (settings.get("delete_after_days") or {}).items()
    ]
    if settings.get("delete_after_end"):
        conditions.append({"daysSinceCustomTime": 0})
    return [{"action": {"type": "Delete"}, "condition": condition} for condition in conditions]


def _queue_options(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's keys as ``ensure_queue`` names them: durations carry their unit, and what is said of the local
    cloud alone stands in for what holds elsewhere."""
    renamed = {
        "min_backoff": "min_backoff_seconds",
        "max_backoff": "max_backoff_seconds",
        "local_concurrent_dispatches": "max_concurrent_dispatches",
    }
    return {renamed.get(key, key): value for key, value in settings.items()}
