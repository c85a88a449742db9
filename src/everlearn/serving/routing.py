"""Which rows a candidate answers: a pure function of the rollout's salt, the entity and the weight.

The same entity goes the same way for as long as the salt stays, on every gateway and in every process, and whoever
was in a canary of 5 % is also in one of 10 %.
"""

import hashlib
from collections.abc import Sequence

_TWO_TO_64 = 2.0**64


def share_of(salt: str, entity_id: str) -> float:
    """Place an entity in [0, 1), evenly, independently for every salt.

    Returns
    -------
    float
        The first 64 bits of BLAKE2b over salt, a zero byte and entity, divided by 2^64 and rounded down to a double
        below 1.
    """
    number = int.from_bytes(hashlib.blake2b(f"{salt}\0{entity_id}".encode(), digest_size=8).digest())
    return (number >> 11) * 2048 / _TWO_TO_64


def goes_to_candidate(salt: str, entity_ids: Sequence[str], weight: float) -> list[bool]:
    """Tell for each row whether a canary of this weight answers it."""
    return [share_of(salt, entity_id) < weight for entity_id in entity_ids]
