"""What the people of this scenario decided in advance: what the data must be like, and the policies of the model."""

from typing import Any

from everlearn.demo.flights.training import MODEL, PIPELINE

PROJECT = "default"
MODEL_PATH = f"/api/projects/{PROJECT}/models/{MODEL}"


def policies(*, one_in: int) -> dict[str, dict[str, Any]]:
    """Give the policies by kind.

    The gate is content with 80 %, because a candidate that passes wrongly has shadow and canary still before it.
    A minute of error costs a cent and a half for each flight: a gate kept waiting, a car that comes too early. The log
    holds one in `one_in` flights, so each of its rows counts that often.
    """
    return {
        "gate": {"minimum_improvement": 0.1, "confidence": 0.8, "minimum_rows": 500, "minimum_blocks": 5},
        "monitoring": {"objective": 9.0},
        "rollout": {"margin": 1.0, "largest_difference": 40.0, "minimum_pairs": 100},
        "retraining": {
            "pipeline": PIPELINE,
            "datasets": ["flights", "weather"],
            "value_per_unit": 0.015,
            "traffic_weight": float(one_in),
            "fixed_cost": 150.0,
            "maximum_age_days": 45.0,
        },
    }
