"""Which pin of a block here does a pin of an export mean, and which literals does it take?

Names of pins are the same, but for those of older exports. Secrets became credentials: a link into ``api_key`` or
``discord_bot_token`` of then leads into the credentials pin of now, and still decides when the node fires.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared.domain import pins
from shared.domain.spec import BlockSpec
from shared.interop import secrets

ERROR = "error"
TOOL = "_^_"
"""In a tool pin of the orchestrator: ``tools_^_{sink node}_~_{field}``, older ``tools_^_{tool name}_~_{field}``, and
before that ``tools_^_{tool name}_{field}``."""
TOOL_FIELD = "_~_"

Side = Literal["source", "sink"]

_OLDER: Mapping[str, Mapping[str, str]] = {
    "AGENT_DROPDOWN_INPUT": {"placeholder_values": "options"},
    "AGENT_OUTPUT": {"recorded_value": "value"},
    "FILL_TEXT_TEMPLATE": {"named_texts": "values"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """``name``: here. ``message``: what is different; empty: nothing."""

    name: str
    message: str = ""


def of_link(spec: BlockSpec, side: Side, name: str, sink: tuple[str, str]) -> Pin | None:
    """The pin at one end of a link; None: the block has none such. ``sink``: node and pin that it leads to."""
    if spec.open_pins:
        return Pin(name=name)
    if side == "sink":
        return of_input(spec, name)
    if TOOL in name:
        return _tool(spec, name, sink)
    base = pins.base_name(name)
    return Pin(name=name) if base in spec.outputs or base == ERROR else None


def of_input(spec: BlockSpec, name: str) -> Pin | None:
    """An input pin; None: the block has none such."""
    base = pins.base_name(name)
    if base in spec.inputs:
        return Pin(name=name)
    rest = name[len(base) :]
    older = _OLDER.get(spec.block_type, {}).get(base)
    if older in spec.inputs:
        return Pin(name=f"{older}{rest}", message=f"The pin {base} is called {older} now.")
    credentials = credentials_pins(spec)
    if secrets.is_secret(base) and len(credentials) == 1:
        found = next(iter(credentials))
        return Pin(
            name=found,
            message=f"Instead of the secret on {base}, {found} takes the id of a credential; put it where the secret "
            "was.",
        )
    return None


def credentials_pins(spec: BlockSpec) -> frozenset[str]:
    """Pins that name a credential."""
    return frozenset(spec.credentials({})) | ({"credentials", "credentials_id"} & spec.inputs.keys())


def _tool(spec: BlockSpec, name: str, sink: tuple[str, str]) -> Pin | None:
    base, _, rest = name.partition(TOOL)
    tool, separator, field = rest.partition(TOOL_FIELD)
    sink_id, sink_name = sink
    if base not in spec.outputs:
        return None
    if tool == sink_id and separator:
        return Pin(name=name)
    field = field if separator else sink_name
    return Pin(name=f"{base}{TOOL}{sink_id}{TOOL_FIELD}{field}", message=f"The tool {tool} is named by its node.")


def refused(spec: BlockSpec, name: str, value: Any) -> str:
    """Why an input pin does not take a literal; empty: it does."""
    try:
        if pins.is_dynamic(name):
            pins.merge({name: value})
        else:
            spec.coerce(name, value)
    except ValueError as error:
        return str(error)
    return ""


def is_nothing(spec: BlockSpec, name: str, value: Any) -> bool:
    """Whether a null means that a pin that cannot do without has no value."""
    pin = spec.inputs.get(name)
    if value is not None or pin is None or not pin.required:
        return False
    options = pin.schema.get("anyOf") or [pin.schema]
    return all(one.get("type") not in ("null", None) or "$ref" in one for one in options)
