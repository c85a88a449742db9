"""Who does things: `user:alice`, `service:ci`, `system:rollouts`."""

from typing import NewType

Actor = NewType("Actor", str)


def system(part: str) -> Actor:
    """Name a part of Everlearn that acts by itself."""
    return Actor(f"system:{part}")
