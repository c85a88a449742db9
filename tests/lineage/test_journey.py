"""One journey over HTTP: data, a run of MLflow's protocol, a version, traffic; who learned from it, and no longer."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from tests.app.lived import living
from tests.registry.test_http import request
from tests.serving.models import linear

from everlearn.app.asgi import api_app
from everlearn.core.digest import digest_bytes

PROTOCOL, PROJECT = "/api/2.0/mlflow", "/api/projects/default"
ETA = f"{PROJECT}/models/eta"
MODEL = linear([0.1, 2.0])


@dataclass(frozen=True)
class Team:
    """Somebody who trains with mlflow's client and deploys here."""

    client: TestClient[Any]

    def sends(self, path: str, **body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def trains(self, data: str, digest: str) -> str:
        run: str = self.sends(f"{PROTOCOL}/runs/create", experiment_id="0")["run"]["info"]["run_id"]
        dataset = {
            "name": data,
            "digest": digest,
            "source_type": "s3",
            "source": json.dumps({"uri": f"s3://lake/{data}"}),
        }
        use = {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "training"}]}
        self.sends(f"{PROTOCOL}/runs/log-inputs", run_id=run, datasets=[use])
        return run

    def registers(self, run: str) -> int:
        """Register what a run trained: its data is known by the run alone."""
        origin = {"datasets": [], "pipeline_run_id": "", "run_id": run, "code_digest": digest_bytes(b"code")}
        asked = request(run_id=run, lineage=origin, model_digest=digest_bytes(MODEL), source_key=run)
        number: int = self.sends(f"{ETA}/versions", **asked)["number"]
        return number

    def deploys(self, version: int, reason: str) -> None:
        self.sends(f"{ETA}/deployment", champion=version, reason=reason)

    def learned_from(self, node: str, **query: str) -> list[tuple[str, int]]:
        answer = self.client.get(f"{PROJECT}/lineage/learned-from", params={"node": node, **query}).json()
        assert answer["is_complete"]
        return [(one["model"], one["version"]) for one in answer["items"]]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with living(tmp_path / "home") as life:
        for content in (MODEL, b"profile", b"holdout"):
            life.platform.blobs.put(content)
        with TestClient(api_app(life.platform), base_url="http://127.0.0.1") as client:
            yield Team(client)


def test_who_learned_from_data_is_known_until_it_is_rolled_back(team: Team) -> None:
    first = team.registers(team.trains("flights", "aaaa1111"))
    second = team.registers(team.trains("scraped", "bbbb2222"))
    team.deploys(first, "the first")
    team.deploys(second, "scraped data helps")

    assert team.learned_from("digest:bbbb2222") == [("eta", second)]
    assert team.learned_from("dataset:scraped") == [("eta", second)]
    assert team.learned_from("digest:aaaa1111") == []
    before = team.client.get(f"{PROJECT}/models/eta/deployment").json()["since"]

    team.deploys(first, "we may not use that data")

    assert team.learned_from("digest:bbbb2222") == []
    assert team.learned_from("digest:bbbb2222", as_of=before) == [("eta", second)]
    assert team.learned_from("digest:aaaa1111") == [("eta", first)]


def test_what_another_system_told_reaches_the_deployment(team: Team) -> None:
    team.deploys(team.registers(team.trains("flights", "aaaa1111")), "the first")
    event = {
        "eventTime": "2013-01-01T00:00:00Z",
        "eventType": "COMPLETE",
        "producer": "https://example.org/spark",
        "run": {"runId": "01234567-89ab-7def-8123-456789abcdef"},
        "job": {"namespace": "spark", "name": "clean"},
        "inputs": [{"namespace": "s3://raw", "name": "flights"}],
        "outputs": [{"namespace": "s3://lake", "name": "flights"}],
    }
    assert team.client.post("/api/v1/lineage", json=event).status_code == 201

    assert team.learned_from("dataset:s3://raw/flights") == [("eta", 1)]
    told = team.client.get(f"{PROJECT}/openlineage/events").json()["items"]
    assert [(one["eventType"], one["inputs"][0]["namespace"]) for one in told] == [("START", "s3://lake")]
