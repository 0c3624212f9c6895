"""Pub/Sub on this machine: what a topic accepts reaches every subscription, over restarts too."""

from local.pubsub.service import PubSubService as PubSubService
