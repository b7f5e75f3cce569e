"""What PyTorch's operations are called."""

from typing import Any


def name_of(target: Any) -> str:
    """The operation's name, without its overload."""
    return str(getattr(target, "overloadpacket", target).__name__)
