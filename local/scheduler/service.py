"""Which job is due when, and how is it called?

Jobs are kept in the database, so they run again after a restart even before anybody ensures them. What fell due
while nothing ran is not caught up on, as in Cloud Scheduler.
"""

import asyncio
import datetime
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from local import calling, faults
from local.database import Database
from local.faults import over_http
from local.identity import Identity
from local.routing import NotRoutedError, Routes

# https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs (attemptDeadline, HTTP targets)
ATTEMPT_DEADLINE_SECONDS = 180.0
FIRST_RUN_DELAY_SECONDS = 0.2
FIRST_RUN_ATTEMPTS = 60
_FIRST_RUN_PAUSE_SECONDS = 0.5
# The loop's timers stand still while a laptop sleeps; so the clock is read again at least this often.
_LONGEST_SLEEP_SECONDS = 20.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``cron`` has five fields and is read in ``time_zone``; ``url`` is as production has it."""

    name: str
    cron: str
    time_zone: str
    url: str
    service_account_email: str

    def times(self, after: float) -> Iterator[datetime.datetime]:
        """The moments it falls due, later than ``after`` (seconds since 1970). ValueError: not a cron or zone."""
        if len(self.cron.split()) != 5:
            raise ValueError(f"job {self.name}: the cron {self.cron!r} must have five fields")
        try:
            return CronSim(self.cron, datetime.datetime.fromtimestamp(after, ZoneInfo(self.time_zone)))
        except (CronSimError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"job {self.name}: {self.cron!r} in {self.time_zone!r}: {error}") from error


class SchedulerService:
    """Calls its jobs from ``start`` to ``stop``. It serves nothing itself."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        routes: Routes,
        clock: Callable[[], float] = time.time,
        disturbance: faults.Disturbance = faults.CALM,
    ) -> None:
        self._disturbance = disturbance
        self._sql = database.connection
        self._sql.execute(
            "CREATE TABLE IF NOT EXISTS scheduler_jobs (name TEXT PRIMARY KEY, cron TEXT NOT NULL,"
            " time_zone TEXT NOT NULL, url TEXT NOT NULL, email TEXT NOT NULL) WITHOUT ROWID"
        )
        self._identity = identity
        self._routes = routes
        self._clock = clock
        self._caller: calling.Calls | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._run_on_start: set[str] = set()

    async def start(self, port: int) -> int:
        """Call from now on; ``port`` is returned as it is, for there is nothing to listen for."""
        self._caller = over_http.caller(self._disturbance, "Call")
        for row in self._sql.execute("SELECT name, cron, time_zone, url, email FROM scheduler_jobs").fetchall():
            name, cron, time_zone, url, email = row
            self._run(Job(name=name, cron=cron, time_zone=time_zone, url=url, service_account_email=email))
        return port

    async def stop(self) -> None:
        """Break off what is under way."""
        tasks = list(self._running.values())
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._caller is not None:
            await self._caller.close()
        self._caller = None

    def ensure_job(
        self,
        name: str,
        cron: str,
        time_zone: str,
        url: str,
        service_account_email: str,
        *,
        run_on_start: bool = False,
    ) -> None:
        """Have ``url`` called (POST) when ``cron`` says, never twice at once; with ``run_on_start`` also as soon as
        it answers. May be called before and after ``start``. ValueError: not a cron or a time zone."""
        job = Job(name=name, cron=cron, time_zone=time_zone, url=url, service_account_email=service_account_email)
        next(job.times(self._clock()))
        self._sql.execute(
            "INSERT OR REPLACE INTO scheduler_jobs VALUES (?, ?, ?, ?, ?)",
            (name, cron, time_zone, url, service_account_email),
        )
        if run_on_start:
            self._run_on_start.add(name)
        if self._caller is not None:
            self._run(job)

    def delete_job(self, name: str) -> None:
        """Call it no more."""
        self._sql.execute("DELETE FROM scheduler_jobs WHERE name = ?", (name,))
        running = self._running.pop(name, None)
        if running is not None:
            running.cancel()

    def _run(self, job: Job) -> None:
        previous = self._running.pop(job.name, None)
        if previous is not None:
            previous.cancel()
        self._running[job.name] = asyncio.create_task(self._keep_calling(job))

    async def _keep_calling(self, job: Job) -> None:
        if job.name in self._run_on_start:
            await self._first_call(job)
        while True:
            due = next(job.times(self._clock()))
            await self._sleep_until(due.timestamp())
            await self._call(job, due)

    async def _sleep_until(self, moment: float) -> None:
        left = moment - self._clock()
        while left > 0:
            await asyncio.sleep(min(left, _LONGEST_SLEEP_SECONDS))
            left = moment - self._clock()

    async def _first_call(self, job: Job) -> None:
        """Until the function answers at all, which it may not right after the start."""
        await asyncio.sleep(FIRST_RUN_DELAY_SECONDS)
        for _ in range(FIRST_RUN_ATTEMPTS):
            if await self._call(job, datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)):
                return
            await asyncio.sleep(_FIRST_RUN_PAUSE_SECONDS)

    async def _call(self, job: Job, due: datetime.datetime) -> bool:
        """Whether there was an answer of any status."""
        assert self._caller is not None
        headers = {
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.name,
            "X-CloudScheduler-ScheduleTime": due.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z"),
        }
        if job.service_account_email:
            token = self._identity.mint_oidc(job.url, job.service_account_email)
            headers["Authorization"] = f"Bearer {token}"
        try:
            async with asyncio.timeout(ATTEMPT_DEADLINE_SECONDS):
                answer = await self._caller.call("POST", self._routes.resolve(job.url), headers)
        except (TimeoutError, NotRoutedError, calling.CallFailedError) as error:
            _log.warning("job %s: no answer from %s: %r", job.name, job.url, error)
            return False
        if not 200 <= answer.status < 300:
            _log.warning("job %s: %s answered %d", job.name, job.url, answer.status)
        return True
