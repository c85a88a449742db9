"""Driver errors become ours at this one seam, by error code and never by reading English."""

from sqlalchemy import exc

from everlearn.core.errors import (
    ConflictError,
    DamagedError,
    EverlearnError,
    StorageFullError,
    UnavailableError,
)

_SQLITE: dict[str, type[EverlearnError]] = {
    "SQLITE_BUSY": UnavailableError,
    "SQLITE_LOCKED": UnavailableError,
    "SQLITE_CANTOPEN": UnavailableError,
    "SQLITE_IOERR": UnavailableError,
    "SQLITE_READONLY": UnavailableError,
    "SQLITE_FULL": StorageFullError,
    "SQLITE_CORRUPT": DamagedError,
    "SQLITE_NOTADB": DamagedError,
    "SQLITE_CONSTRAINT": ConflictError,
}

# by class (first two characters of the SQLSTATE); 53100 is "disk full"
_POSTGRESQL: dict[str, type[EverlearnError]] = {
    "08": UnavailableError,
    "23": ConflictError,
    "40": UnavailableError,
    "53": UnavailableError,
    "55": UnavailableError,
    "57": UnavailableError,
    "XX": DamagedError,
}

_MESSAGES: dict[type[EverlearnError], str] = {
    UnavailableError: "the database does not answer now; nothing was written, try again",
    StorageFullError: "the disk is full; nothing was written. Free some space and try again",
    DamagedError: "the database file is damaged; nothing was written. Restore it from a backup",
    ConflictError: "the change contradicts what is already stored; nothing was written",
}


def translate(error: Exception) -> EverlearnError | None:
    """Give our error for the driver's, or None where it is a defect of our own (a wrong statement)."""
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    sqlite_name = getattr(cause, "sqlite_errorname", None)
    sqlstate = getattr(cause, "sqlstate", None)
    if sqlite_name is not None:
        kind = _SQLITE.get("_".join(sqlite_name.split("_")[:2]))
    elif sqlstate == "53100":
        kind = StorageFullError
    elif sqlstate is not None:
        kind = _POSTGRESQL.get(sqlstate[:2])
    else:
        # psycopg raises OperationalError without a SQLSTATE when there is no server to give one
        is_operational = any(base.__name__ == "OperationalError" for base in type(cause).__mro__)
        kind = UnavailableError if is_operational else None
    if kind is None:
        return None
    return kind(_MESSAGES[kind], driver_code=sqlite_name or sqlstate or "connection")
