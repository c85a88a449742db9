"""Registry rows in, values out: models and versions, and the moves of stages and aliases."""
