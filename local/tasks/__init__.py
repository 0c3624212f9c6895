"""Cloud Tasks on this machine: what a queue accepts is delivered, over restarts too."""

from local.tasks.service import TasksService as TasksService
