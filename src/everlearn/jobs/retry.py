"""How long to wait before another attempt."""

FIRST_S = 1.0
LONGEST_S = 300.0


def backoff_s(rounds: int, jitter: float) -> float:
    """Give the wait before attempt `rounds + 1`: exponential with full jitter, in seconds.

    `jitter` is uniform in [0, 1); the wait is then uniform in [0, min(300, 2**(rounds - 1))), so that jobs which
    failed together do not return together. No rounds, no wait.

    Source
    ------
    M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: "full jitter".
    """
    if rounds <= 0:
        return 0.0
    return jitter * min(LONGEST_S, FIRST_S * 2.0 ** min(rounds - 1, 60))
