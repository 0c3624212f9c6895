"""Cloud Scheduler on this machine: calls URLs on their cron."""

from local.scheduler.service import SchedulerService as SchedulerService
