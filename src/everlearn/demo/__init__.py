"""Complete scenarios on real data, run against the real platform over its public addresses."""
