"""What can be wrong with data sets, contracts and partitions."""

from everlearn.core.errors import ConflictError, InvalidError, NotFoundError, TooLargeError


class DatasetNotFoundError(NotFoundError):
    """The project has no data set of this name."""

    code = "datasets.not_found"


class VersionNotFoundError(NotFoundError):
    """The data set has no such version, or none yet."""

    code = "datasets.version_not_found"


class BadContractError(InvalidError):
    """A contract that no data could keep, or that says nothing."""

    code = "datasets.bad_contract"


class ContractConflictError(ConflictError):
    """A changed contract that the partitions of the data set cannot be read by."""

    code = "datasets.contract_conflict"


class BadKeyError(InvalidError):
    """A partition's key that could not stand in an address."""

    code = "datasets.bad_key"


class NotParquetError(InvalidError):
    """The bytes of a partition are not a Parquet file that can be read."""

    code = "datasets.not_parquet"


class PartitionTooLargeError(TooLargeError):
    """A partition with more rows than are read at once."""

    code = "datasets.partition_too_large"


class PartitionRefusedError(InvalidError):
    """A partition that does not keep the contract; `violations` tells in what."""

    code = "datasets.partition_refused"


class KeyTakenError(ConflictError):
    """The key belongs to a partition of other content."""

    code = "datasets.key_taken"
