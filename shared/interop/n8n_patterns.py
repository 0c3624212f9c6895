"""Which blocks find out what a pattern of JavaScript finds? EXTRACT_TEXT_INFORMATION, REPLACE_BY_PATTERN."""

import re

from shared.interop import n8n_tokens
from shared.interop.n8n_names import Ask, Names
from shared.interop.n8n_terms import Term, Untranslated, quoted, text

MAX_GROUPS = 9

_GROUP = re.compile(r"\\.|\[(?:[^\]\\]|\\.)*\]|(\((?!\?)|\(\?<(?![=!]))")
_REFERENCE = re.compile(r"\$(\d|&|\$)")


def method(term: Term, name: str, written: str, given: list[Term], names: Names) -> Term:
    """``text.match(/…/)``, ``text.replace(/…/, "…")``."""
    pattern, flags = _read(written)
    match name, given:
        case "match", []:
            return _matches(term, pattern, flags, names)
        case "replace" | "replaceAll", [replacement] if replacement.is_text and replacement.jinja.startswith("'"):
            literals = {"limit": 0 if "g" in flags else 1, "case_sensitive": "i" not in flags}
            texts = {"text": text(term), "pattern": quoted(pattern), "replacement": _references(replacement.jinja)}
            ask = Ask(block_type="REPLACE_BY_PATTERN", texts=texts, literals=literals, pin="text")
            return Term(names.ask(ask), is_text=True)
        case _:
            raise Untranslated(f"{name}() with a pattern has no counterpart")


def tested(term: Term, written: str, names: Names) -> Term:
    """``/…/.test(text)``."""
    pattern, flags = _read(written)
    return found(text(term), quoted(pattern), names, ignore_case="i" in flags)


def found(a_text: str, pattern: str, names: Names, *, ignore_case: bool) -> Term:
    """Whether a pattern is found in a text: both Jinja expressions of texts."""
    return Term(f"({_ask(a_text, pattern, names, 0, ignore_case, several=False)}|length > 0)", is_truth=True)


def _matches(term: Term, pattern: str, flags: str, names: Names) -> Term:
    """All that the pattern finds, or the first with its groups; null: nothing."""
    several = "g" in flags
    groups = 0 if several else sum(1 for one in _GROUP.finditer(pattern) if one[1])
    if groups > MAX_GROUPS:
        raise Untranslated(f"a pattern with more than {MAX_GROUPS} groups has no counterpart")
    asked = [
        _ask(text(term), quoted(pattern), names, group, "i" in flags, several=several) for group in range(groups + 1)
    ]
    return Term(f"(({' + '.join(asked)}) or none)")


def _ask(a_text: str, pattern: str, names: Names, group: int, ignore_case: bool, *, several: bool) -> str:
    literals = {"group": group, "case_sensitive": not ignore_case, "dot_all": False, "find_all": several}
    ask = Ask(
        block_type="EXTRACT_TEXT_INFORMATION",
        texts={"text": a_text, "pattern": pattern},
        literals=literals,
        pin="matched_results",
    )
    return names.ask(ask)


def _read(written: str) -> tuple[str, str]:
    pattern, flags = n8n_tokens.pattern(written)
    if set(flags) - set("gimsu"):
        raise Untranslated(f"the pattern {written} has no counterpart")
    inline = "".join(flag for flag in "ms" if flag in flags)
    return (f"(?{inline}){pattern}" if inline else pattern), flags


def _references(replacement: str) -> str:
    """``$1`` and ``$&``: ``\\1`` and ``\\0``, in a text that Jinja reads."""
    escaped = replacement.replace("\\\\", "\\\\\\\\")
    groups = {"&": "\\\\g<0>", "$": "$"}
    return _REFERENCE.sub(lambda one: groups.get(one[1], f"\\\\g<{one[1]}>"), escaped)
