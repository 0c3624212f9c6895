"""What is a person told when everything is up?"""

from local.data_folder import DataFolder
from local.stack import Stack


def of_stack(stack: Stack, folder: DataFolder) -> str:
    """Where everything is, a line each."""
    gateway = stack.endpoints["gateway"]
    lines = ["Everything is up.", *stack.notes]
    if gateway:
        lines += [_line("API", gateway), _line("Docs", f"{gateway}/docs")]
    lines += [
        _line("Endpoints", str(folder.endpoints)),
        _line("Data", str(folder.path)),
        _line("Logs", str(folder.logs)),
        _line("Mail", f"{folder.path / 'mail'} has every e-mail that would have been sent"),
    ]
    if "OPENAI_BASE_URL" in stack.environment:
        lines.append(_line("LLM", "a stub with made-up answers; for real ones set OPENAI_API_KEY or OPENAI_BASE_URL"))
    return "\n".join(lines)


def of_end(stack: Stack) -> str:
    gateway = stack.endpoints["gateway"]
    return f"\nServing{f' on {gateway}' if gateway else ''}. Ctrl-C stops everything."


def _line(name: str, text: str) -> str:
    return f"  {name:<10} {text}"
