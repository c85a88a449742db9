"""The contract's two places: a folder, and a bucket on a server that speaks S3."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from everlearn.blobs import BlobStore, open_blobs

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # moto's own dependencies, at import
        from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    bucket = f"blobs-{uuid4().hex}"
    httpx.put(f"{s3_endpoint}/{bucket}").raise_for_status()
    return f"s3://{bucket}/some/prefix?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture
def folder_url(tmp_path: Path) -> str:
    return (tmp_path / "a folder").as_uri()


@pytest.fixture(params=["folder_url", "bucket_url"])
def blobs_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def blobs(blobs_url: str) -> BlobStore:
    return open_blobs(blobs_url)
