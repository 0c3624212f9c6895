"""Trouble on purpose: faults by a seed, and the latencies of the real services."""

from local.faults.disturbance import CALM as CALM
from local.faults.disturbance import Disturbance as Disturbance
from local.faults.disturbance import Disturbances as Disturbances
from local.faults.latency import PROFILES as PROFILES
from local.faults.spec import Spec as Spec
from local.faults.spec import SpecError as SpecError
from local.faults.spec import parse as parse
