"""An independent reading of OpenLineage events: the client's own generated classes refuse what the schemas refuse."""

from typing import Any

import attr
from openlineage.client import event_v2, facet_v2
from openlineage.client.generated import base

_FACETS: dict[str, dict[str, Any]] = {
    "run": {
        "nominalTime": facet_v2.nominal_time_run.NominalTimeRunFacet,
        "parent": facet_v2.parent_run.ParentRunFacet,
        "errorMessage": facet_v2.error_message_run.ErrorMessageRunFacet,
        "processing_engine": facet_v2.processing_engine_run.ProcessingEngineRunFacet,
    },
    "job": {
        "jobType": facet_v2.job_type_job.JobTypeJobFacet,
        "sourceCodeLocation": facet_v2.source_code_location_job.SourceCodeLocationJobFacet,
        "documentation": facet_v2.documentation_job.DocumentationJobFacet,
    },
    "data": {
        "version": facet_v2.dataset_version_dataset.DatasetVersionDatasetFacet,
        "dataSource": facet_v2.datasource_dataset.DatasourceDatasetFacet,
        "schema": facet_v2.schema_dataset.SchemaDatasetFacet,
        "datasetType": facet_v2.dataset_type_dataset.DatasetTypeDatasetFacet,
    },
    "input": {"inputStatistics": facet_v2.input_statistics_input_dataset.InputStatisticsInputDatasetFacet},
}


def check(event: dict[str, Any]) -> Any:
    """Rebuild an event out of the client's classes; a facet that we emit and this does not know is an error too."""
    assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
    return event_v2.RunEvent(
        eventTime=event["eventTime"],
        producer=event["producer"],
        eventType=event_v2.RunState[event["eventType"]],
        run=event_v2.Run(runId=event["run"]["runId"], facets=facets("run", event["run"]["facets"])),
        job=event_v2.Job(event["job"]["namespace"], event["job"]["name"], facets("job", event["job"]["facets"])),
        inputs=[
            event_v2.InputDataset(
                one["namespace"],
                one["name"],
                facets=facets("data", one["facets"]),
                inputFacets=facets("input", one.get("inputFacets", {})),
            )
            for one in event["inputs"]
        ],
        outputs=[
            event_v2.OutputDataset(one["namespace"], one["name"], facets=facets("data", one["facets"]))
            for one in event["outputs"]
        ],
    )


def facets(place: str, found: dict[str, Any]) -> dict[str, Any]:
    """Rebuild facets; the schema that each names must be the one that its class follows."""
    return {name: _facet(_FACETS[place][name], facet) for name, facet in found.items()}


def _facet(of: type[base.BaseFacet], facet: dict[str, Any]) -> base.BaseFacet:
    said = {key: value for key, value in facet.items() if not key.startswith("_")}
    known = {one.name for one in attr.fields(of)}
    assert set(said) <= known, f"{of.__name__} has no {set(said) - known}"
    assert facet["_schemaURL"] == of._get_schema()
    assert facet["_producer"].startswith("urn:everlearn:")
    return of(**{key: _part(of, key, value) for key, value in said.items()})


def _part(of: type[base.BaseFacet], key: str, value: Any) -> Any:
    match of.__name__, key:
        case "ParentRunFacet", "run":
            return facet_v2.parent_run.Run(**value)
        case "ParentRunFacet", "job":
            return facet_v2.parent_run.Job(**value)
        case "SchemaDatasetFacet", "fields":
            return [facet_v2.schema_dataset.SchemaDatasetFacetFields(**one) for one in value]
        case _:
            return value
