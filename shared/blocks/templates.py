"""What text does a template of a user give?"""

from collections.abc import Mapping
from typing import Any

from shared.domain import errors


def render(template: str, values: Mapping[str, Any], *, escape_html: bool = False) -> str:
    """``template`` (Jinja2) filled with ``values``; what has no value is empty. BlockError: it cannot be."""
    import jinja2
    from jinja2 import sandbox

    environment = sandbox.ImmutableSandboxedEnvironment(autoescape=escape_html)
    try:
        return environment.from_string(template).render(values)
    except jinja2.TemplateError as error:
        raise errors.BlockError(f"The template cannot be filled: {error}") from error
