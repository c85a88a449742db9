"""From a URL to a store."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit
from urllib.request import url2pathname

from obstore.store import S3Store

from everlearn.blobs.bucket import BucketShelf
from everlearn.blobs.failures import disk_failures
from everlearn.blobs.folder import FolderShelf, make_folder
from everlearn.blobs.store import BlobStore
from everlearn.core.errors import InvalidError

_EXPECTED = "expected file:///absolute/folder or s3://bucket/prefix?endpoint=…&region=…"
_S3_OPTIONS = {"endpoint", "region"}


def open_blobs(url: str) -> BlobStore:
    """Open `file:///absolute/folder` (made if absent) or `s3://bucket/prefix?endpoint=…&region=…`.

    Credentials come from the standard AWS variables, files and roles. Nothing is contacted yet: see `probe`.

    Raises
    ------
    InvalidError
        When the URL names another kind of place or is none.
    UnavailableError
        When the folder cannot be made.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidError(f"not a blob store URL; {_EXPECTED}") from error
    match parts.scheme:
        case "file":
            return BlobStore(_folder(parts))
        case "s3":
            return BlobStore(_bucket(parts))
        case _:
            raise InvalidError(f"blobs cannot be kept at {parts.scheme or 'no scheme'!r}; {_EXPECTED}")


def _folder(parts: SplitResult) -> FolderShelf:
    if parts.netloc not in {"", "localhost"} or len(parts.path) < 2 or parts.query or parts.fragment:
        raise InvalidError(f"not a folder URL; {_EXPECTED} (write ? as %3F and # as %23)")
    root = Path(url2pathname(parts.path))
    with disk_failures():
        make_folder(root)
    return FolderShelf(root)


def _bucket(parts: SplitResult) -> BucketShelf:
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not parts.netloc or set(options) - _S3_OPTIONS:
        raise InvalidError(f"not a bucket URL; {_EXPECTED}")
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={
            "allow_http": options.get("endpoint", "").startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "read_timeout": timedelta(seconds=30),  # between two pieces; the whole may take as long as it needs
            "timeout": timedelta(days=1),
        },
        retry_config={
            "max_retries": 4,
            "retry_timeout": timedelta(seconds=30),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=5),
                "base": 2,
            },
        },
        **options,  # type: ignore[arg-type]  # the names are checked above
    )
    return BucketShelf(store)
