"""A contract as people write it in JSON: every mistyped field is an error, not a silently missing expectation."""

from pathlib import Path

import msgspec

from everlearn.core.errors import InvalidError
from everlearn.datasets.model import BadContractError, Bound, Column, Contract, Nulls, Range, Severity, UniqueKey


class NullsDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be missing, as a share from 0 to 1."""

    max_share: float = 0.0
    severity: Severity = Severity.REFUSE


class RangeDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where values lie, both ends included; instants and days as ISO 8601 text."""

    minimum: Bound | None = None
    maximum: Bound | None = None
    severity: Severity = Severity.REFUSE


class ColumnDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column and its polars type: Int64, Float32, String, Boolean, Date, Datetime[us, UTC] and so on."""

    name: str
    dtype: str
    nulls: NullsDocument = NullsDocument()
    range: RangeDocument | None = None


class UniqueKeyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns that no two rows share."""

    columns: tuple[str, ...]
    severity: Severity = Severity.REFUSE


class ContractDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold of every partition of a data set."""

    columns: tuple[ColumnDocument, ...]
    unique: tuple[UniqueKeyDocument, ...] = ()
    event_time: str | None = None

    def contract(self) -> Contract:
        """Give the contract as a value."""
        return Contract(
            columns=tuple(_column(column) for column in self.columns),
            unique=tuple(UniqueKey(columns=key.columns, severity=key.severity) for key in self.unique),
            event_time=self.event_time,
        )


def read_contract(path: Path) -> Contract:
    """Read a contract from a file of JSON.

    Raises
    ------
    InvalidError
        When the file cannot be read.
    BadContractError
        When it is no contract; names the place.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ContractDocument).contract()
    except OSError as error:
        raise InvalidError(f"cannot read the contract {str(path)!r}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadContractError(f"{str(path)!r} is no contract: {error}") from error


def _column(column: ColumnDocument) -> Column:
    limits = column.range
    return Column(
        name=column.name,
        dtype=column.dtype,
        nulls=Nulls(max_share=column.nulls.max_share, severity=column.nulls.severity),
        range=None
        if limits is None
        else Range(minimum=limits.minimum, maximum=limits.maximum, severity=limits.severity),
    )
