"""What is a person told whose port is taken?"""

import os


def taken(service: str, option: str, port: int, error: OSError) -> OSError:
    """Which service, which port, why, and what to do. ``option``: the one that names the port."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OSError(
        f"{service} cannot listen on port {port} ({reason}). Stop what uses the port, or name another with {option}, "
        f"or leave {option} out to take a free one."
    )
