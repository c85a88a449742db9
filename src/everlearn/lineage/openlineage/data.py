"""Data that runs read and models that they made, as OpenLineage's data sets."""

import json
from typing import Any

from everlearn.core.json import JSONObject, JSONValue
from everlearn.core.lineage import Edge, split_dataset
from everlearn.lineage.openlineage.naming import data_place
from everlearn.lineage.openlineage.schema import facet
from everlearn.tracking.store.inputs import DatasetUse


def read_by_run(namespace: str, use: DatasetUse) -> JSONObject:
    """Describe data that a run read: which, where, its columns and its rows."""
    place = data_place(namespace, use.name, use.source)
    uri = {"uri": place.address} if "://" in place.namespace else {}
    facets = facet("version", datasetVersion=use.digest) | facet("dataSource", name=use.source_type or use.name, **uri)
    if columns := _columns(use.schema):
        facets |= facet("schema", fields=columns)
    described: JSONObject = {"namespace": place.namespace, "name": place.name, "facets": facets}
    rows = _read(use.profile).get("num_rows")
    if isinstance(rows, int) and not isinstance(rows, bool):
        described["inputFacets"] = facet("inputStatistics", rowCount=rows)
    return described


def learned_by_version(namespace: str, edge: Edge) -> JSONObject:
    """Describe a version of a data set that is kept here."""
    name, digest = split_dataset(edge.source.id)
    return {"namespace": namespace, "name": name, "facets": facet("version", datasetVersion=digest)}


def made_model(namespace: str, model_id: str) -> JSONObject:
    """Describe a logged model."""
    facets = facet("version", datasetVersion=model_id) | facet("datasetType", datasetType="MODEL")
    return {"namespace": namespace, "name": f"logged-models/{model_id}", "facets": facets}


def step_output(namespace: str, pipeline: str, step: str, digest: str) -> JSONObject:
    """Describe what a step of a pipeline gave."""
    facets = facet("version", datasetVersion=digest) | facet("datasetType", datasetType="JOB_OUTPUT")
    return {"namespace": namespace, "name": f"pipelines/{pipeline}/{step}", "facets": facets}


def _columns(schema: str | None) -> list[JSONValue]:
    """Read the columns out of a schema as mlflow's client writes it."""
    columns = _read(schema).get("mlflow_colspec")
    if not isinstance(columns, list):
        return []
    found: list[JSONValue] = []
    for position, column in enumerate(columns, 1):
        if isinstance(column, dict) and isinstance(column.get("name"), str):
            found.append({"name": column["name"], "type": str(column.get("type", "")), "ordinal_position": position})
    return found


def _read(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
