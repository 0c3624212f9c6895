"""What does an agent take, and what does it give? JSON Schemas of its AGENT_INPUT and AGENT_OUTPUT nodes."""

from typing import Any

from shared.domain import analysis, credentials
from shared.domain.graph import Graph, Node
from shared.domain.spec import Catalog, CredentialsPin

_OPTIONS = ("placeholder_values", "options")
_OF_THE_PIN = ("title", "description", "default")


def input_schema(graph: Graph, catalog: Catalog) -> dict[str, Any]:
    """An object with a property for each input, by the node's ``name``. An input is required when its node has
    no ``value`` and does not say ``optional``. Of several nodes with one name, the first says what it is; it is
    required if any of them requires it."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for node in graph.nodes:
        name = node.input_data.get("name")
        if not analysis.is_input(node.block_type) or not isinstance(name, str) or not name:
            continue
        properties.setdefault(name, _input(node, catalog))
        needed = node.input_data.get("value") is None and not node.input_data.get("optional")
        if needed and name not in required:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def output_schema(graph: Graph) -> dict[str, Any]:
    """An object with a property for each AGENT_OUTPUT node, by its ``name``: the list of the values that came."""
    properties: dict[str, Any] = {}
    for node in graph.nodes:
        name = node.input_data.get("name")
        if node.block_type == analysis.OUTPUT and isinstance(name, str) and name:
            properties.setdefault(name, {**_words(node), "type": "array"})
    return {"type": "object", "properties": properties, "required": []}


def credentials_schema(graph: Graph, catalog: Catalog) -> dict[str, Any]:
    """An object with a property for each credential that the agent can use: the id of one. Its name is the
    provider's; where nodes have no kind of credential in common, the kinds follow it. ``nodes``: who uses it.
    Required: what a block cannot do without and no node, by a value or a link, has chosen yet."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for use in credentials.uses(graph, catalog):
        name = _credential_name(properties, use.pin)
        known = properties.get(name)
        properties[name] = _credential(use) if known is None else _merged(known, use)
        if use.is_missing and name not in required:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def _credential_name(properties: dict[str, Any], pin: CredentialsPin) -> str:
    known = properties.get(pin.provider)
    if known is None or set(known["kinds"]) & set(pin.kinds):
        return pin.provider
    return f"{pin.provider}_{'_or_'.join(pin.kinds)}"


def _credential(use: credentials.Use) -> dict[str, Any]:
    pin = use.pin
    return {
        "type": "string",
        "title": pin.provider.replace("_", " ").capitalize(),
        "description": f"The id of a credential. Where to get one: {pin.where}",
        "provider": pin.provider,
        "kinds": list(pin.kinds),
        "scopes": list(pin.scopes),
        "hosts": list(pin.hosts),
        "nodes": [use.node.id],
    }


def _merged(known: dict[str, Any], use: credentials.Use) -> dict[str, Any]:
    """One credential for both: of a kind that all take, with the scopes and for the hosts of all."""
    return {
        **known,
        "kinds": [kind for kind in known["kinds"] if kind in use.pin.kinds],
        "scopes": list(dict.fromkeys([*known["scopes"], *use.pin.scopes])),
        "hosts": list(dict.fromkeys([*known["hosts"], *use.pin.hosts])),
        "nodes": list(dict.fromkeys([*known["nodes"], use.node.id])),
    }


def _input(node: Node, catalog: Catalog) -> dict[str, Any]:
    schema = {**_value_schema(node, catalog), **_words(node)}
    if (value := node.input_data.get("value")) is not None:
        schema["default"] = value
    options = next((found for name in _OPTIONS if (found := node.input_data.get(name))), None)
    if isinstance(options, list):
        schema["enum"] = options
    if node.input_data.get("secret"):
        schema["writeOnly"] = True
        schema.pop("default", None)
    return schema


def _value_schema(node: Node, catalog: Catalog) -> dict[str, Any]:
    """The schema of the node's ``value`` pin, without what belongs to the pin and not to the input."""
    spec = catalog.get(node.block_type)
    pin = spec.inputs.get("value") if spec else None
    schema = {key: part for key, part in (pin.schema if pin else {}).items() if key not in _OF_THE_PIN}
    # That the pin may be left empty is said by ``required``.
    options = [one for one in schema.pop("anyOf", []) if one.get("type") != "null"]
    return {**schema, **options[0]} if len(options) == 1 else {**schema, **({"anyOf": options} if options else {})}


def _words(node: Node) -> dict[str, Any]:
    words: dict[str, Any] = {"title": node.input_data.get("title") or node.input_data["name"]}
    if description := node.input_data.get("description"):
        words["description"] = description
    if node.input_data.get("advanced"):
        words["advanced"] = True
    return words
