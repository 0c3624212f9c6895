"""Does a deployed function have every setting that it needs?"""

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hcl import ROOT, TERRAFORM

from shared import config

FUNCTIONS: Mapping[str, Any] = yaml.safe_load((ROOT / "functions" / "manifest.yaml").read_text(encoding="utf-8"))[
    "functions"
]
FIELDS = {name.upper() for name in config.Settings.model_fields}
SECRETS = {"OPENAI_API_KEY", "OAUTH_CLIENTS", "MAIL_URL", "STORE_EMBEDDING_API_KEY"}
LAPTOP = {"CREDENTIALS_KEY_FILE", "OTLP_ENDPOINT", "FCM_URL", *config.EMULATOR_VARIABLES}
"""Only where Google's own service is not."""
HOLDS = {
    "OIDC_CERTS_URL": "Google's keys",
    "OPENAI_BASE_URL": "OpenAI's own",
    "OAUTH_PROVIDERS": "those that are built in",
    "CLAMD_TIMEOUT_SECONDS": "one for all",
    "SCAN_REQUIRED": "a deployed function refuses any other",
    "FILE_DAYS": "90",
    "STORE_EMBEDDING_MODEL": "the one that comes along",
    "STORE_EMBEDDING_BASE_URL": "that model needs none",
    "OUTGOING_ALLOW": "nothing private may be reached",
}
"""The default is what the cloud needs, and why."""
CHOICES = {"LOG_LEVEL", "AUTOPILOT_MODEL"} | {
    name.upper() for name, field in config.Settings.model_fields.items() if field.annotation in (int, float, bool)
}
"""The deployment's own, by ``var.settings``: limits, rates, sizes."""


def given() -> set[str]:
    text = (TERRAFORM / "functions.tf").read_text(encoding="utf-8")
    block = re.search(r"(?s)  settings = merge\(\{(.*?)\n  \}", text)
    assert block is not None
    return set(re.findall(r"(?m)^    ([A-Z_]+) +=", block[1]))


def test_every_setting_is_given_or_its_default_holds_in_the_cloud() -> None:
    assert sorted(FIELDS - given() - SECRETS - LAPTOP - set(HOLDS) - CHOICES) == []


def test_nothing_is_given_that_nothing_reads() -> None:
    assert given() <= FIELDS
    assert given() >= {
        "TRUSTED_PROXIES",
        "CREDENTIALS_KMS_KEY",
        "OAUTH_REDIRECT_URI",
        "FUNCTIONS_URL",
        "CORS_ORIGINS",
    }
    assert set(HOLDS) | SECRETS <= FIELDS
    assert not given() & (LAPTOP | SECRETS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_secrets_reach_the_functions_that_read_them(function: str) -> None:
    entry = FUNCTIONS[function]
    secrets = set(entry.get("secrets", []))
    assert secrets <= SECRETS
    routers = _routers(ROOT / entry["source"])
    runs_blocks = bool(routers & {"deliveries", "blocks"})
    assert ("OPENAI_API_KEY" in secrets) == runs_blocks
    assert ("STORE_EMBEDDING_API_KEY" in secrets) == (function == "store")
    assert ("MAIL_URL" in secrets) == (function in ("notify", "tick"))
    assert ("OAUTH_CLIENTS" in secrets) == (runs_blocks or "credentials" in routers)


MODULES = ("functions", "functions.routers")


def _routers(source: Path) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module in MODULES)
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    late = {text.rpartition(".")[2] for text in texts if text.rpartition(".")[0] in MODULES}
    return {alias.name for node in imports for alias in node.names} | late
