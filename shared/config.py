"""What is this deployment set to? The one reader of the environment.

Every setting is a field here with its unit and default; docs/configuration.md is checked against it. Values are
read once, when they are first asked for; a bad one stops the function with its name and the remedy.
"""

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_WEB = "^(https?://.+)?$"


class SettingsError(Exception):
    """The environment cannot be used; the message names each variable and what is wrong with it."""


class Settings(BaseModel):
    """Field name in upper case = environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    google_cloud_project: str = Field("weftly-local", description="The Google Cloud project.")
    firestore_database: str = Field("(default)", description="The Firestore database.")
    region: str = Field("us-central1", description="Where queues and functions are.")
    functions_url: str = Field(
        "",
        description="URL of a function, with {service} where its name goes, hyphens for underscores; without: a base "
        "URL, to which /NAME is added; empty: https://REGION-PROJECT.cloudfunctions.net.",
    )
    invoker_email: str = Field(
        "",
        description="Service account of the platform's own callers; empty: invoker@PROJECT.iam.gserviceaccount.com.",
    )
    oidc_certs_url: str = Field(
        "https://www.googleapis.com/oauth2/v3/certs", description="Public keys of OIDC tokens (JWK set)."
    )
    files_bucket: str = Field("", description="Bucket of values and files; empty: PROJECT-files.")
    quarantine_bucket: str = Field(
        "", description="Bucket of files that are not checked yet; empty: PROJECT-quarantine."
    )
    queues_per_kind: int = Field(4, ge=1, description="Cloud Tasks queues of a kind, as many as the manifest counts.")
    pubsub_emulator_host: str = Field("", description="host:port of a local Pub/Sub; empty: Google's.")
    cloud_tasks_emulator_host: str = Field("", description="host:port of a local Cloud Tasks; empty: Google's.")
    firebase_auth_emulator_host: str = Field(
        "", description="host:port of a local Firebase Auth, which signs URLs of files too; empty: Google's."
    )
    storage_emulator_host: str = Field("", description="URL of a local Cloud Storage; empty: Google's.")

    rate_limit_per_minute: int = Field(60, ge=0, description="Requests a minute and user; 0: no limit of any kind.")
    rate_limit_key_per_minute: int = Field(60, ge=0, description="Requests a minute with one API key; 0: no limit.")
    rate_limit_execute_per_minute: int = Field(
        60, ge=0, description="Requests a minute and user that make blocks run; 0: no limit."
    )
    rate_limit_address_per_minute: int = Field(
        600, ge=0, description="Requests a minute from one address, whoever makes them; 0: no limit."
    )
    rate_limit_failed_per_minute: int = Field(
        30, ge=0, description="Refused tokens and keys a minute from one address; 0: no limit."
    )
    max_body_bytes: int = Field(10_000_000, ge=1, description="Largest request body, in bytes.")
    trusted_proxies: int = Field(
        1,
        ge=0,
        description="Entries of X-Forwarded-For, from the right, that the platform's own proxies add: 2 behind "
        "Google's load balancer, 1 without; 0: the header is not believed.",
    )
    cors_origins: str = Field("", description="Origins that browsers may call from, separated by commas; * for all.")
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR."
    )
    telemetry: str = Field(
        "",
        pattern="^(google|otlp|console)?$",
        description="Where traces and metrics go: google (Trace and Monitoring), otlp, console; empty: nowhere.",
    )
    trace_sample: float = Field(0.05, ge=0, le=1, description="Part of the traces that is recorded.")
    otlp_endpoint: str = Field(
        "http://127.0.0.1:4318", pattern=_WEB, description="Where an OTLP collector listens for HTTP."
    )

    max_concurrent_executions: int = Field(
        25, ge=0, description="Executions of one user that run at a time; 0: no limit."
    )
    inline_value_bytes: int = Field(
        100_000,
        ge=1,
        le=500_000,
        description="Values above so many bytes of JSON lie in the bucket, not in Firestore.",
    )
    monthly_dollars: float = Field(
        100,
        ge=0,
        description="What one user may spend a month with the deployment's own keys, in US dollars, unless an "
        "administrator says otherwise; 0: no limit.",
    )
    monthly_node_executions: int = Field(
        0,
        ge=0,
        description="Node executions of one user a month, where no administrator says otherwise; 0: no limit.",
    )
    max_schedules: int = Field(1_000, ge=1, description="Schedules of one user.")
    max_queued_executions: int = Field(10_000, ge=1, description="Executions of one user that may wait to start.")
    max_node_executions: int = Field(2_000, ge=1, description="Node executions in one execution.")
    max_depth: int = Field(10, ge=1, description="Sub-agents within sub-agents.")
    max_wall_seconds: float = Field(
        86_400, gt=0, description="How long an execution may work, in seconds; waiting for people and times is free."
    )
    max_hops: int = Field(1_000, ge=1, description="Node executions in a row, from the start of an execution.")
    max_value_bytes: int = Field(10_000_000, ge=1, description="Largest value on a pin, in bytes of JSON.")
    max_tokens_per_firing: int = Field(10_000, ge=1, description="Tokens that one node execution may emit.")
    lease_seconds: float = Field(60, gt=0, description="How long a claim holds without renewal.")
    node_timeout_seconds: float = Field(
        300, gt=0, le=1740, description="Time limit of a block, unless its node says otherwise."
    )

    partials_per_second: float = Field(
        4,
        ge=0,
        le=20,
        description="How often the text of a language model is published while it comes, for a node execution that "
        "a person may watch; 0: never, where nothing listens.",
    )
    stream_heartbeat_seconds: float = Field(
        15, gt=0, description="How often an event stream on which nothing happens shows that it is alive, in seconds."
    )
    max_stream_seconds: float = Field(
        900,
        gt=0,
        description="How long an event stream lasts before its reader has to come back, with a token that holds, in "
        "seconds.",
    )
    max_streams_per_user: int = Field(
        100, ge=0, description="Event streams that one user holds open on one instance; 0: no limit."
    )
    public_url: str = Field(
        "",
        pattern=_WEB,
        description="Where people reach the platform: what links in e-mails begin with; empty: no links.",
    )
    mail_url: str = Field(
        "",
        pattern="^(smtps?://.+)?$",
        description="SMTP server of e-mails to users: smtp://USER:PASSWORD@HOST:587, or smtps:// with port 465; from "
        "a secret. Empty: no e-mails.",
    )
    mail_from: str = Field("Weftly <no-reply@weftly.local>", description="The sender of e-mails to users.")
    mail_to_unverified: bool = Field(
        False, description="Whether e-mails go to addresses too that nobody has proved to be theirs."
    )
    max_emails_per_hour: int = Field(
        20, ge=0, description="E-mails to one user in an hour; what is more waits for their digest, if they have one."
    )
    fcm_url: str = Field("", description="URL of a local Firebase Cloud Messaging; empty: Google's.")
    openai_api_key: str = Field("", description="Key of LLM blocks without credentials of their own.")
    openai_base_url: str = Field("", pattern=_WEB, description="Base URL of an OpenAI-compatible API: https://….")
    openai_responses_api: bool = Field(
        False,
        description="Whether what is at OPENAI_BASE_URL speaks the Responses API too, over which alone OpenAI's "
        "newest models call tools. OpenAI itself does anyway.",
    )
    store_embedding_model: str = Field(
        "", description="Embedding model that searches the store by meaning; empty: the one that comes along."
    )
    store_embedding_base_url: str = Field(
        "",
        pattern=_WEB,
        description="Base URL of the API of that model, compatible with OpenAI's; empty: OPENAI_BASE_URL.",
    )
    store_embedding_api_key: str = Field("", description="Key for that API; empty: OPENAI_API_KEY.")
    credentials_kms_key: str = Field(
        "", description="Cloud KMS key that wraps the keys of credentials: projects/…/cryptoKeys/NAME."
    )
    credentials_key_file: str = Field(
        "", description="File with the keys that wrap those of credentials, where no Cloud KMS does; made if missing."
    )
    oauth_redirect_uri: str = Field(
        "http://127.0.0.1:8080/oauth/callback",
        description="Where OAuth providers send the browser back to: the page of the web client.",
    )
    oauth_clients: str = Field(
        "", description='JSON: provider -> {"client_id", "client_secret"}; from a secret. Without one, no OAuth.'
    )
    oauth_providers: str = Field(
        "", description="JSON: more OAuth providers, as the rows of shared/services/oauth_providers.py."
    )
    autopilot_model: str = Field("gpt-6-luna", description="The model of AUTO_PILOT, which has no pin for one.")
    max_file_bytes: int = Field(
        10_000_000, ge=1, le=30_000_000, description="Largest file that a user may send; some kinds may be smaller."
    )
    max_files: int = Field(10_000, ge=1, description="Files that a user may keep.")
    max_storage_bytes: int = Field(1_000_000_000, ge=1, description="What the files of a user may hold together.")
    file_days: int = Field(90, ge=0, description="Days that a file is kept unless its user says less; 0: for ever.")
    clamd_url: str = Field(
        "",
        pattern="^$|^(tcp://[^/:]+:[0-9]+|unix:///.+|https?://.+)$",
        description="The virus scanner: tcp://HOST:PORT or unix:///PATH of a clamd, or https://… of the service that "
        "stands before one (terraform/clamav). Empty: none, and files stay in quarantine.",
    )
    clamd_timeout_seconds: float = Field(60, gt=0, le=240, description="How long the scan of a file may take.")
    scan_required: bool = Field(
        True,
        description="Whether a file that no virus scanner has seen stays in quarantine. false: without CLAMD_URL its "
        "content alone decides; a deployed function refuses it.",
    )
    outgoing_allow: str = Field(
        "",
        pattern=r"^[^/]*(/[0-9]{1,3}([,\s][^/]*)?)*$",
        description="Hosts, host:port or CIDR, separated by commas, that blocks may reach although they are private.",
    )

    def function_url(self, name: str) -> str:
        """Where the platform's own callers reach a function, and the audience of their tokens."""
        base = self.functions_url or f"https://{self.region}-{self.google_cloud_project}.cloudfunctions.net"
        if "{service}" in base:
            return base.replace("{service}", name.replace("_", "-"))
        return f"{base.rstrip('/')}/{name}"

    @property
    def invoker(self) -> str:
        return self.invoker_email or f"invoker@{self.google_cloud_project}.iam.gserviceaccount.com"

    @property
    def bucket(self) -> str:
        return self.files_bucket or f"{self.google_cloud_project}-files"

    @property
    def quarantine(self) -> str:
        return self.quarantine_bucket or f"{self.google_cloud_project}-quarantine"

    def for_blocks(self) -> dict[str, str]:
        """What blocks may read, by the names of the environment."""
        return {
            "OPENAI_API_KEY": self.openai_api_key,
            "OPENAI_BASE_URL": self.openai_base_url,
            "OPENAI_RESPONSES_API": "true" if self.openai_responses_api else "",
            "AUTOPILOT_MODEL": self.autopilot_model,
        }


EMULATOR_VARIABLES = (
    "FIRESTORE_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "STORAGE_EMULATOR_HOST",
    "CLOUD_TASKS_EMULATOR_HOST",
)


_NO = frozenset({"0", "off", "f", "false", "n", "no"})
"""What pydantic takes for false."""


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in an environment. An emulator beside ``K_SERVICE`` (set by Cloud Run) is refused: a deployed
    function that trusts an emulator's tokens would let anybody in. So is one that would take files unscanned."""
    emulators = [name for name in EMULATOR_VARIABLES if environment.get(name)]
    if environment.get("K_SERVICE") and emulators:
        raise SettingsError(f"{', '.join(emulators)} is set on a deployed function (K_SERVICE is set): unset it.")
    if environment.get("K_SERVICE") and environment.get("SCAN_REQUIRED", "").lower() in _NO:
        raise SettingsError("SCAN_REQUIRED is off on a deployed function (K_SERVICE is set): unset it.")
    values = {name: environment[name.upper()] for name in Settings.model_fields if environment.get(name.upper())}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_problem(str(one["loc"][0]), one["msg"]) for one in error.errors())
        raise SettingsError(f"Settings that cannot be used: {problems}") from None  # which has the values


def _problem(name: str, message: str) -> str:
    """What is wrong with a setting, without its value, which may be a secret; and what it should be."""
    return f"{name.upper()}: {message}. It is: {Settings.model_fields[name].description}"


def use_local(file: Path) -> None:
    """Turn this process, a command that an operator runs, to the local cloud whose ``endpoints.json`` this is.
    OSError, ValueError: it is none."""
    endpoints: Mapping[str, str] = json.loads(file.read_text(encoding="utf-8"))
    found = {"FIRESTORE_EMULATOR_HOST": endpoints["firestore"], "FIREBASE_AUTH_EMULATOR_HOST": endpoints["auth"]}
    os.environ.update({name: value.removeprefix("http://") for name, value in found.items()})
    os.environ.setdefault("CREDENTIALS_KEY_FILE", str(file.parent / "credentials.key"))
    settings.cache_clear()


@functools.cache
def settings() -> Settings:
    """The settings of this process."""
    return read(os.environ)


def service_name() -> str:
    """Which function this is, as the platform says it."""
    return os.environ.get("K_SERVICE") or os.environ.get("FUNCTION_TARGET") or "weftly"


def deployed() -> bool:
    """Whether this runs on Cloud Run, where IAM has checked the caller's token and stripped its signature."""
    return bool(os.environ.get("K_SERVICE"))
