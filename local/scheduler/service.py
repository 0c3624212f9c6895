"""How are jobs called when they are due?

Jobs are kept in the database, so they run again after a restart even before anybody ensures them. What fell due
while nothing ran is not caught up on, as in Cloud Scheduler.
"""

import asyncio
import datetime
import json
import logging
import time
from collections.abc import Callable

from local import calling, faults
from local.database import Database
from local.faults import over_http
from local.identity import Identity
from local.routing import NotRoutedError, Routes
from local.scheduler.job import Job, Retries, from_record

NO_RETRIES = Retries()
FIRST_RUN_DELAY_SECONDS = 0.2
FIRST_RUN_ATTEMPTS = 60
_FIRST_RUN_PAUSE_SECONDS = 0.5
# The loop's timers stand still while a laptop sleeps; so the clock is read again at least this often.
_LONGEST_SLEEP_SECONDS = 20.0
_log = logging.getLogger(__name__)


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
        self._database = database
        database.create(
            "CREATE TABLE IF NOT EXISTS scheduler_job_records"
            " (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID"
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
        for (record,) in self._database.connection.execute("SELECT record FROM scheduler_job_records").fetchall():
            self._run(from_record(json.loads(record)))
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
        attempt_deadline: float = 180.0,
        retries: Retries = NO_RETRIES,
        run_on_start: bool = False,
    ) -> None:
        """Have ``url`` called (POST) when ``cron`` says, never twice at once; with ``run_on_start`` also as soon as
        it answers. May be called before and after ``start``. ValueError: a field is not valid."""
        job = Job(
            name=name,
            cron=cron,
            time_zone=time_zone,
            url=url,
            service_account_email=service_account_email,
            attempt_deadline=attempt_deadline,
            retries=retries,
        )
        job.check(self._clock())
        row = (name, json.dumps(job.as_record()))
        self._database.write("INSERT OR REPLACE INTO scheduler_job_records VALUES (?, ?)", row)
        if run_on_start:
            self._run_on_start.add(name)
        if self._caller is not None:
            self._run(job)

    def delete_job(self, name: str) -> None:
        """Call it no more."""
        self._database.write("DELETE FROM scheduler_job_records WHERE name = ?", (name,))
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
            await self._run_once(job, due)

    async def _run_once(self, job: Job, due: datetime.datetime) -> None:
        """One run, with its retries. What falls due meanwhile is left out."""
        began, failures = self._clock(), 0
        while not (status := await self._call(job, due)) or not 200 <= status < 300:
            failures += 1
            wait = job.retries.wait(failures, self._clock() - began)
            if wait is None:
                return
            await self._sleep_until(self._clock() + wait)

    async def _sleep_until(self, moment: float) -> None:
        left = moment - self._clock()
        while left > 0:
            await asyncio.sleep(min(left, _LONGEST_SLEEP_SECONDS))
            left = moment - self._clock()

    async def _first_call(self, job: Job) -> None:
        """Until the function answers at all, which it may not right after the start."""
        await asyncio.sleep(FIRST_RUN_DELAY_SECONDS)
        for _ in range(FIRST_RUN_ATTEMPTS):
            if await self._call(job, datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)) is not None:
                return
            await asyncio.sleep(_FIRST_RUN_PAUSE_SECONDS)

    async def _call(self, job: Job, due: datetime.datetime) -> int | None:
        """The status of the answer; None: there was none in time."""
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
            async with asyncio.timeout(job.attempt_deadline):
                answer = await self._caller.call("POST", self._routes.resolve(job.url), headers)
        except (TimeoutError, NotRoutedError, calling.CallFailedError) as error:
            _log.warning("job %s: no answer from %s: %r", job.name, job.url, error)
            return None
        if not 200 <= answer.status < 300:
            _log.warning("job %s: %s answered %d", job.name, job.url, answer.status)
        return answer.status
