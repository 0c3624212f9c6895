"""What is an HTTP Request node of n8n here? HTTP_REQUEST, with what it says filled in by templates.

https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.httprequest/
"""

from typing import Any

from shared.interop import n8n_answers, n8n_nodes
from shared.interop.n8n_conditions import listed
from shared.interop.n8n_expressions import value
from shared.interop.n8n_fragments import Builder, End, as_object
from shared.interop.n8n_terms import Untranslated, text

_FORMS = {"json": "json", "form-urlencoded": "form"}
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")


def translate(builder: Builder) -> None:
    method = builder.take("method", "requestMethod") or "GET"
    data: dict[str, Any] = {}
    if not (isinstance(method, str) and method.startswith("=")):
        method = data["method"] = _method(method)
    way = builder.take("authentication")
    builder.take("genericAuthType", "nodeCredentialType")
    if way not in (None, "none"):
        builder.made.notes["authentication"] = "Choose a credential on the credentials pin."
    url = builder.text("url", builder.take("url"))
    parts = {
        "query": _pairs(builder, "query", "sendQuery", "specifyQuery", "jsonQuery"),
        "headers": _pairs(builder, "header", "sendHeaders", "specifyHeaders", "jsonHeaders"),
        "body": _body(builder, data) if method not in ("GET", "HEAD") or builder.take("sendBody") else None,
    }
    said = _said_method(builder, method) if "method" not in data else None
    id_ = builder.add("request", "HTTP_REQUEST", data)
    builder.link(url, (id_, "url"))
    if said is not None:
        builder.link(said, (id_, "method"))
    for pin, part in parts.items():
        if part is None:
            continue
        source = n8n_nodes.raw_json(builder, pin, part) if isinstance(part, str) else builder.json(pin, part)
        builder.link(builder.read(source) if pin == "body" else source, (id_, pin))
    n8n_answers.sends(builder, id_)
    builder.fails(id_)


def _said_method(builder: Builder, expression: str) -> End:
    return builder.template("method", lambda names: f"{{{{ ({text(value(expression, names))}) | upper }}}}")


def _method(found: Any) -> str:
    name = str(found).upper()
    if name not in _METHODS:
        raise Untranslated(f"the method {name} has no counterpart")
    return name


def _pairs(builder: Builder, what: str, send: str, how: str, as_json: str) -> Any:
    """Query or headers: names and values, or JSON; None: there are none. In older versions what is there is sent."""
    older = builder.take(f"{what}ParametersUi")
    newer = builder.take(f"{what}Parameters")
    text = builder.take(as_json, f"{what}ParametersJson")
    sends, specified = builder.take(send), builder.take(how)
    if builder.node.version >= 3 and not sends:
        return None
    if specified == "json" or (builder.node.version < 3 and builder.take("jsonParameters")):
        return text
    found = as_object(newer).get("parameters") or as_object(older).get("parameter")
    pairs = {str(one.get("name", "")): one.get("value", "") for one in listed(found)}
    return pairs or None


def _body(builder: Builder, data: dict[str, Any]) -> Any:
    type_ = str(builder.take("contentType", "bodyContentType") or "json")
    if type_ not in _FORMS:
        raise Untranslated(f"a body of the type {type_} has no counterpart")
    data["body_format"] = _FORMS[type_]
    return _pairs(builder, "body", "sendBody", "specifyBody", "jsonBody")
