"""What must hold of every partition of a data set: what is *refused* keeps a partition out, what is *reported* lets it
in with the defect on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec

from everlearn.core.digest import Digest, digest_json
from everlearn.datasets.model.dtypes import Bound, bound_value, canonical_dtype, parsed_dtype
from everlearn.datasets.model.errors import BadContractError, ContractConflictError

MOST_COLUMNS = 1_000
MOST_KEYS = 20
LONGEST_COLUMN = 200


class Severity(StrEnum):
    """What follows when an expectation is not met."""

    REFUSE = "refuse"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nulls:
    """How much of a column may be missing, as a share of the rows: 0 is nothing, 1 is everything."""

    max_share: float = 0.0
    severity: Severity = Severity.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Where values lie, both ends included; instants and days as ISO 8601 text. Not-a-number lies in no range."""

    minimum: Bound | None = None
    maximum: Bound | None = None
    severity: Severity = Severity.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. It must be there and of its type: whatever else is reported, that is refused."""

    name: str
    dtype: str  # Int64, Float32, String, Boolean, Date, Datetime[us, UTC], ...
    nulls: Nulls = Nulls()  # frozen
    range: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueKey:
    """Columns that no two rows share, across all partitions. Rows that lack one of them are not compared."""

    columns: tuple[str, ...]
    severity: Severity = Severity.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What must hold of every partition of a data set."""

    columns: tuple[Column, ...]
    unique: tuple[UniqueKey, ...] = ()
    event_time: str | None = None  # the column that says when a row happened

    @property
    def digest(self) -> Digest:
        """Digest the contract."""
        return digest_json(msgspec.to_builtins(self))

    def checked(self) -> "Contract":
        """Give the contract with its types written one way, if data can keep it.

        Raises
        ------
        BadContractError
            With the reason.
        """
        names = [checked_column(column.name) for column in self.columns]
        if not 1 <= len(names) <= MOST_COLUMNS:
            raise BadContractError(f"a contract names 1 to {MOST_COLUMNS} columns, not {len(names)}")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadContractError(f"the contract names the column {twice[0]!r} twice")
        if len(self.unique) > MOST_KEYS:
            raise BadContractError(f"a contract has at most {MOST_KEYS} unique keys, not {len(self.unique)}")
        contract = replace(self, columns=tuple(_checked(column) for column in self.columns))
        for key in self.unique:
            _check_key(key, names)
        if self.event_time is not None:
            _check_event_time(self.event_time, contract.columns)
        return contract

    def check_follows(self, earlier: Sequence["Contract"]) -> None:
        """Refuse a contract by which partitions of the earlier ones could not be read.

        Raises
        ------
        ContractConflictError
            Naming the column and what to do.
        """
        known = {column.name: column.dtype for contract in earlier for column in contract.columns}
        newest = {column.name for column in earlier[-1].columns}
        for column in self.columns:
            if known.get(column.name, column.dtype) != column.dtype:
                raise ContractConflictError(
                    f"the column {column.name!r} is {known[column.name]} in partitions that are there; "
                    "a column never changes its type, give the new one another name"
                )
            if column.name not in newest and column.nulls.max_share < 1:
                raise ContractConflictError(
                    f"partitions that are there lack the new column {column.name!r}; "
                    "let all of it be null (max_share 1)"
                )
        if self.event_time != earlier[-1].event_time:
            raise ContractConflictError(
                f"the event time of partitions that are there is {earlier[-1].event_time!r} and stays so; "
                "make another data set for another one"
            )


def checked_column(name: str) -> str:
    """Give a column's name back if it is one printable line."""
    if not name.strip() or len(name) > LONGEST_COLUMN or not name.isprintable():
        raise BadContractError(
            f"not a column name: {name[:80]!r}; use one printable line of 1 to {LONGEST_COLUMN} characters"
        )
    return name


def _checked(column: Column) -> Column:
    dtype = canonical_dtype(column.dtype)
    if not 0 <= column.nulls.max_share <= 1:
        raise BadContractError(
            f"at most {column.nulls.max_share} of {column.name!r} may be null? give a share from 0 to 1"
        )
    if column.range is not None:
        ends = [bound_value(end, dtype) for end in (column.range.minimum, column.range.maximum) if end is not None]
        if not ends or ends != sorted(ends):
            raise BadContractError(f"the range of {column.name!r} needs an end, and the lower one first")
    return replace(column, dtype=dtype)


def _check_key(key: UniqueKey, names: Sequence[str]) -> None:
    if not key.columns or len(set(key.columns)) < len(key.columns):
        raise BadContractError("a unique key names at least one column, and none twice")
    if unknown := sorted(set(key.columns) - set(names)):
        raise BadContractError(f"the unique key names {unknown[0][:80]!r}, which is no column of the contract")


def _check_event_time(name: str, columns: Sequence[Column]) -> None:
    column = next((one for one in columns if one.name == name), None)
    if column is None:
        raise BadContractError(f"the event time {name[:80]!r} is no column of the contract")
    kind, _, zone = parsed_dtype(column.dtype)
    if kind != "Datetime" or zone is None:
        raise BadContractError(f"the event time {name!r} is {column.dtype}; it must be a Datetime with a zone")
    if column.nulls.max_share > 0 or column.nulls.severity is not Severity.REFUSE:
        raise BadContractError(f"the event time {name!r} may not be null; leave `nulls` out")
