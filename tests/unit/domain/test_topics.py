"""The names under which events are told are those that the manifest subscribes to."""

from pathlib import Path
from typing import Any

import yaml

from shared.domain import topics

MANIFEST: dict[str, Any] = yaml.safe_load((Path(__file__).parents[3] / "functions" / "manifest.yaml").read_text())


def test_notify_is_called_for_what_concerns_it_alone() -> None:
    notify = MANIFEST["functions"]["notify"]
    assert notify["topic"] == topics.TOPIC
    assert notify["filter"] == f'attributes.{topics.FAN_OUT} = "yes"'
