"""Speaking MLflow's protocol to the application in this process."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

from everlearn.access.gate import OpenGate
from everlearn.blobs import BlobStore
from everlearn.core.clock import Clock
from everlearn.db import Database
from everlearn.db.group import GroupWriter
from everlearn.decisions import Decisions
from everlearn.eventlog import EventLog
from everlearn.policies import Policies
from everlearn.promotion import AliasPolicy, Contracts
from everlearn.promotion.inspection import FileInspector
from everlearn.promotion.rules import RULES
from everlearn.registry import Aliases, Catalogue
from everlearn.registry.mlflow import registry_routes
from everlearn.storage import Receipts
from everlearn.tracking import Experiments, Files, Journal, Models, NoProtection, Removals, Search, Tracking, Uploads
from everlearn.tracking.mlflow import removal_routes, tracking_routes
from everlearn.web.mlflow import mlflow_app
from everlearn.web.mlflow.links import Links


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    content: bytes
    headers: httpx.Headers

    @property
    def code(self) -> str:
        return str(self.body["error_code"])


@dataclass(frozen=True, slots=True)
class Server:
    """The application and one project's address in it."""

    app: Any
    prefix: str = ""

    def get(self, path: str, /, **query: Any) -> Answer:
        return self.send("GET", path, params=query)

    def post(self, path: str, /, **body: Any) -> Answer:
        return self.send("POST", path, json=body)

    def send(self, method: str, path: str, *, version: str = "2.0", root: str = "/api", **said: Any) -> Answer:
        return self.ask(method, f"{self.prefix}{root}/{version}{path}", **said)

    def ask(self, method: str, address: str, **said: Any) -> Answer:
        """Ask for an address as it stands, whatever the project."""
        return asyncio.run(self._send(method, address, said))

    async def _send(self, method: str, path: str, said: dict[str, Any]) -> Answer:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.request(method, path, **said)
        is_json = answer.headers.get("content-type") == "application/json"
        return Answer(answer.status_code, answer.json() if is_json else None, answer.content, answer.headers)

    def project(self, name: str) -> "Server":
        return Server(self.app, f"/projects/{name}")

    def experiment(self, name: str = "first") -> str:
        return str(self.post("/mlflow/experiments/create", name=name).body["experiment_id"])

    def run(self, experiment: str = "0", **fields: Any) -> str:
        body = self.post("/mlflow/runs/create", experiment_id=experiment, **fields).body
        return str(body["run"]["info"]["run_id"])

    def shown(self, run_id: str) -> Any:
        return self.get("/mlflow/runs/get", run_id=run_id).body["run"]


def server_of(db: Database, log: EventLog, blobs: BlobStore, clock: Clock) -> Server:
    """Put the application together."""
    journal, models = Journal(db, GroupWriter(db), log, clock), Models(db, log, clock)
    aliases, tracking = aliases_of(db, log, blobs, clock), Tracking(db, log, blobs, clock)
    catalogue = Catalogue(db, log, clock, tracking, models, aliases)
    files, uploads, links = Files(db, blobs, clock), Uploads(db, blobs, clock), Links(b"a key of tests", clock)
    routes = (
        *tracking_routes(Experiments(db, clock), journal, files, Search(db), models, uploads, links),
        *removal_routes(Removals(db, clock, Receipts(db, log, clock), Experiments(db, clock), NoProtection())),
        *registry_routes(catalogue, files),
    )
    return Server(mlflow_app(routes, OpenGate(), links))


def aliases_of(db: Database, log: EventLog, blobs: BlobStore, clock: Clock) -> Aliases:
    """Put aliases with their contracts together."""
    decisions, policies = Decisions(db, log, blobs, clock, RULES), Policies(db, log, clock, {"alias": AliasPolicy})
    tracking, models, inspector = (
        Tracking(db, log, blobs, clock),
        Models(db, log, clock),
        FileInspector(Files(db, blobs, clock)),
    )
    return Aliases(db, log, clock, Contracts(db, clock, decisions, policies, tracking, models, inspector))
