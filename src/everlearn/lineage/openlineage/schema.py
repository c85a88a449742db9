"""Which schemas our events follow, and making facets that say so."""

import everlearn
from everlearn.core.json import JSONObject, JSONValue

PRODUCER = f"urn:everlearn:{everlearn.__version__}"
RUN_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {
    "dataSource": ("1-0-1", "DatasourceDatasetFacet"),
    "datasetType": ("1-0-1", "DatasetTypeDatasetFacet"),
    "documentation": ("1-1-0", "DocumentationJobFacet"),
    "errorMessage": ("1-0-1", "ErrorMessageRunFacet"),
    "inputStatistics": ("1-0-0", "InputStatisticsInputDatasetFacet"),
    "jobType": ("2-0-4", "JobTypeJobFacet"),
    "nominalTime": ("1-0-1", "NominalTimeRunFacet"),
    "parent": ("1-2-0", "ParentRunFacet"),
    "processing_engine": ("1-1-1", "ProcessingEngineRunFacet"),
    "schema": ("1-2-0", "SchemaDatasetFacet"),
    "sourceCodeLocation": ("1-1-0", "SourceCodeLocationJobFacet"),
    "version": ("1-0-1", "DatasetVersionDatasetFacet"),
}


def facet(name: str, /, **fields: JSONValue) -> JSONObject:
    """Make `{name: {…}}`, the facet with its producer and the schema that it follows."""
    version, definition = _FACETS[name]
    schema = f"https://openlineage.io/spec/facets/{version}/{definition}.json#/$defs/{definition}"
    return {name: {"_producer": PRODUCER, "_schemaURL": schema, **fields}}
