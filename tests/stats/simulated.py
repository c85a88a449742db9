"""How many false alarms a simulation may show when the true rate is at most alpha."""

import scipy.stats


def most_alarms(runs: int, alpha: float) -> int:
    """Give the count that a true rate of alpha exceeds once in ten thousand times."""
    return int(scipy.stats.binom.ppf(0.9999, runs, alpha))
