"""Which items does an HTTP Request of n8n make of its answers? By its options: pages, errors, headers, files, time.

https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.httprequest/
https://docs.n8n.io/code/cookbook/http-node/pagination/
"""

import re
from collections.abc import Mapping
from typing import Any

from shared.interop.n8n_conditions import listed
from shared.interop.n8n_fragments import Builder, as_object
from shared.interop.n8n_terms import Untranslated

MAX_PAGES = 100
MAX_SECONDS = 1_740

_FORMATS = {"autodetect": "auto", "json": "json", "text": "text", "file": "file"}
_KNOWN = ("timeout", "redirect", "response", "pagination", "batching", "lowercaseHeaders", "allowUnauthorizedCerts")
_PATH = r"\$response\.body((?:\.\w+|\[[\"'][^\"'\]]+[\"']\])+)"
_OUT_OF_ANSWER = re.compile(rf"=\{{\{{\s*{_PATH}\s*\}}\}}")
_PAGE = re.compile(r"=\{\{\s*\$pageCount(?:\s*\+\s*(\d+))?\s*\}\}")
_KEY = re.compile(r"\.(\w+)|\[[\"']([^\"'\]]+)[\"']\]")


def sends(builder: Builder, id_: str) -> None:
    """Go on from the answer of the request ``id_``."""
    request = next(one for one in builder.made.nodes if one["id"] == id_)
    data: dict[str, Any] = request["input_data"]
    options = builder.options(*_KNOWN)
    _passed_over(builder, options)
    timeout = options.get("timeout")
    if isinstance(timeout, int | float) and timeout > 0:
        request["timeout"] = min(MAX_SECONDS, timeout / 1_000)
    response = as_object(as_object(options.get("response")).get("response"))
    paging = _paging(as_object(as_object(options.get("pagination")).get("pagination")))
    data.update(paging)
    format_ = _FORMATS.get(str(response.get("responseFormat", "autodetect")))
    if format_ is None:
        raise Untranslated(f"the format {response.get('responseFormat')} of answers has no counterpart")
    if format_ != "auto":
        data["response_format"] = format_
    never_fails = bool(response.get("neverError"))
    if never_fails:
        data["on_error"] = "continue"
    answers = [(id_, "items" if paging else "response"), *([(id_, "error_response")] if never_fails else [])]
    if response.get("fullResponse"):
        if paging:
            raise Untranslated("the whole answers of several pages have no counterpart")
        whole = builder.add("whole answer", "CREATE_DICTIONARY", {"values": {}})
        for end in answers:
            builder.link(end, (whole, "values_#_body"))
        builder.link((id_, "headers"), (whole, "values_#_headers"))
        builder.link((id_, "status"), (whole, "values_#_statusCode"))
        answers = [(whole, "dictionary")]
    field_name = response.get("outputPropertyName")
    builder.sends(0, builder.items(*answers, field_name=field_name if isinstance(field_name, str) else "data"))


def _passed_over(builder: Builder, options: Mapping[str, Any]) -> None:
    """What has no counterpart in options that have one in part."""
    redirect = as_object(as_object(options.get("redirect")).get("redirect"))
    if redirect.get("followRedirects") is False:
        builder.made.lost["options.redirect"] = "Redirects are followed."
    if options.get("batching"):
        builder.made.lost["options.batching"] = "Items are asked for one by one, without a pause."
    if options.get("allowUnauthorizedCerts"):
        builder.made.lost["options.allowUnauthorizedCerts"] = "Certificates are checked."


def _paging(given: Mapping[str, Any]) -> dict[str, Any]:
    mode = given.get("paginationMode")
    if mode in (None, "off"):
        return {}
    most = given.get("maxRequests") if given.get("limitPagesFetched") else MAX_PAGES
    found: dict[str, Any] = {"max_pages": most if isinstance(most, int) and 0 < most <= MAX_PAGES else MAX_PAGES}
    until = given.get("paginationCompleteWhen") or "responseIsEmpty"
    if mode == "responseContainsNextURL":
        path = _path(given.get("nextURL"))
        if path is not None and _ends(given, until, path):
            return {**found, "pagination": "next_link", "next_path": path}
    elif mode == "updateAParameterInEachRequest":
        parameters = listed(as_object(given.get("parameters")).get("parameters"))
        if len(parameters) == 1 and parameters[0].get("type", "qs") == "qs":
            said, name = parameters[0].get("value"), str(parameters[0].get("name", ""))
            path, page = _path(said), _PAGE.fullmatch(said) if isinstance(said, str) else None
            if page is not None and until == "responseIsEmpty":
                first = int(page[1] or 0)
                return {**found, "pagination": "page_number", "page_parameter": name, "first_page": first}
            if path is not None and _ends(given, until, path):
                return {**found, "pagination": "cursor", "page_parameter": name, "next_path": path}
    raise Untranslated("this way from page to page has no counterpart")


def _ends(given: Mapping[str, Any], until: Any, path: str) -> bool:
    """Whether the pages end where an answer names no next one, as they do here."""
    if until != "other":
        return until == "responseIsEmpty"
    said = re.findall(_PATH, str(given.get("completeExpression", "")))
    return bool(said) and all(_joined(one) == path for one in said)


def _path(said: Any) -> str | None:
    found = _OUT_OF_ANSWER.fullmatch(said) if isinstance(said, str) else None
    return None if found is None else _joined(found[1])


def _joined(keys: str) -> str:
    return ".".join(one or other for one, other in _KEY.findall(keys))
