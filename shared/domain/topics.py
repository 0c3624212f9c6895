"""Where is told what happens? On one topic of Pub/Sub, of which who listens takes what concerns them."""

TOPIC = "events"

FAN_OUT = "fan_out"
"""The attribute of what concerns ``notify``: its subscription filters by it, so that it is not called for each step
of each node."""
