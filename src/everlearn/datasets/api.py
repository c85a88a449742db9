"""Data sets over JSON; partitions come as Parquet files."""

from dataclasses import dataclass
from datetime import datetime

from litestar import get, post, put
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.openapi.spec.operation import Operation
from litestar.params import RawBody

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.clock import parse_instant
from everlearn.core.digest import Digest
from everlearn.core.page import Page
from everlearn.datasets.document import ContractDocument
from everlearn.datasets.model import Check, Dataset, DatasetVersion, Partition, VersionSummary
from everlearn.datasets.service import Datasets
from everlearn.web import FromPath, FromQuery, JSONBody, Service, needs

_LOOK = [needs(Role.VIEWER)]
_APPEND = [needs(Role.CONTRIBUTOR)]
_DATASET = "/api/projects/{project:str}/datasets/{dataset:str}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version with all of its partitions; what came of checking them is under `report`."""

    project: str
    name: str
    number: int
    digest: Digest
    rows: int
    defects: list[str]
    contract_revision: int
    contract_digest: Digest
    partitions: list[Partition]
    created_at: datetime
    created_by: Actor
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """Every expectation with what was found, and the defects among it in words."""

    rows: int
    defects: list[str]
    checks: list[Check]


@get("/api/projects/{project:str}/datasets", guards=_LOOK, sync_to_thread=True)
def list_datasets(
    project: FromPath[str],
    datasets: Service[Datasets],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[Dataset]:
    """List the data sets of a project by name."""
    return datasets.list(project, after=after, limit=limit)


@get(_DATASET, guards=_LOOK, sync_to_thread=True)
def show_dataset(project: FromPath[str], dataset: FromPath[str], datasets: Service[Datasets]) -> Dataset:
    """Show a data set with its contract and the number of its newest version (0: none)."""
    return datasets.dataset(project, dataset)


@put(_DATASET, guards=_APPEND, sync_to_thread=True)
def define_dataset(
    project: FromPath[str],
    dataset: FromPath[str],
    data: JSONBody[ContractDocument],
    datasets: Service[Datasets],
    actor: Service[Actor],
) -> Dataset:
    """Put a contract in force, making the data set if need be; the same one again changes nothing."""
    return datasets.define(project, dataset, data.contract(), actor=actor)


@get(f"{_DATASET}/versions", guards=_LOOK, sync_to_thread=True)
def list_versions(
    project: FromPath[str],
    dataset: FromPath[str],
    datasets: Service[Datasets],
    after: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
) -> Page[VersionSummary]:
    """List the versions of a data set, newest first, each with the partition that it added."""
    return datasets.versions(project, dataset, after=after, limit=limit)


@get(f"{_DATASET}/versions/{{number:int}}", guards=_LOOK, sync_to_thread=True)
def show_version(
    project: FromPath[str], dataset: FromPath[str], number: FromPath[int], datasets: Service[Datasets]
) -> VersionView:
    """Show a version with all of its partitions."""
    return _version_view(datasets.version(project, dataset, number))


@get(f"{_DATASET}/versions/{{number:int}}/report", guards=_LOOK, sync_to_thread=True)
def show_report(
    project: FromPath[str], dataset: FromPath[str], number: FromPath[int], datasets: Service[Datasets]
) -> ReportView:
    """Show what came of every expectation over all partitions of a version."""
    report = datasets.report(project, dataset, number)
    return ReportView(rows=report.rows, defects=[defect.sentence for defect in report.defects], checks=[*report.checks])


@dataclass
class _ParquetBody(Operation):
    """Says that the body is a file; what it holds, the operation says."""

    def __post_init__(self) -> None:
        media = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(content={"application/octet-stream": media}, required=True)


@post(f"{_DATASET}/partitions", guards=_APPEND, sync_to_thread=True, operation_class=_ParquetBody)
def append_partition(  # two of them are services
    project: FromPath[str],
    dataset: FromPath[str],
    key: FromQuery[str],
    body: RawBody,
    datasets: Service[Datasets],
    actor: Service[Actor],
    effective_at: FromQuery[str | None] = None,
) -> VersionView:
    """Append a Parquet file as the next version; the same content under the same key again changes nothing.

    `effective_at` is an instant in ISO 8601; without one it is the last event time in the file.
    """
    at = None if effective_at is None else parse_instant(effective_at)
    return _version_view(datasets.append(project, dataset, body, key=key, effective_at=at, actor=actor))


def _version_view(version: DatasetVersion) -> VersionView:
    return VersionView(
        project=version.project,
        name=version.name,
        number=version.number,
        digest=version.digest,
        rows=version.rows,
        defects=[defect.sentence for defect in version.report.defects],
        contract_revision=version.contract_revision,
        contract_digest=version.contract_digest,
        partitions=[*version.partitions],
        created_at=version.created_at,
        created_by=version.created_by,
        effective_at=version.effective_at,
    )


HANDLERS = (
    list_datasets,
    show_dataset,
    define_dataset,
    list_versions,
    show_version,
    show_report,
    append_partition,
)
