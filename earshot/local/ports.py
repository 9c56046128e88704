"""TCP ports of this machine."""

from __future__ import annotations

import socket

from earshot.errors import FixSettings

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether nothing listens on that port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def refuse_taken(key: str, port: int) -> None:
    """Raise FixSettings, naming the key of the settings file, where the port is taken."""
    if not is_free(port):
        raise FixSettings(
            f"earshot.toml: {key}: {port} is in use on {LOOPBACK}; "
            "write another port, or stop what listens there."
        )
