"""What an event or a decision is about, written one way: `model:default/eta`."""


def model_subject(project: str, model: str) -> str:
    """Name a model; everything in the life of its versions carries this subject."""
    return f"model:{project}/{model}"


def dataset_subject(project: str, dataset: str) -> str:
    """Name a data set."""
    return f"dataset:{project}/{dataset}"


def pipeline_subject(project: str, pipeline: str) -> str:
    """Name a pipeline; its runs carry this subject."""
    return f"pipeline:{project}/{pipeline}"
