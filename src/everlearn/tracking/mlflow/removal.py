"""Deleting and restoring over the protocol. Answers stay as clients expect them; the receipts are kept."""

import asyncio
from dataclasses import dataclass

from everlearn.access import Role
from everlearn.tracking.mlflow import messages as m
from everlearn.tracking.mlflow import model_messages as mm
from everlearn.tracking.mlflow.rules import experiment_number
from everlearn.tracking.removal import Removals
from everlearn.web.mlflow import Call, Empty, Route, operation
from everlearn.web.mlflow.errors import ProtocolError
from everlearn.web.mlflow.routes import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class RemovalDoor:
    """What the routes do."""

    removals: Removals

    def delete_run(self, call: Call, asked: m.RunById) -> Empty:
        """Delete a run."""
        self.removals.delete_run(call.project, _run_id(asked), actor=call.actor)
        return Empty()

    def restore_run(self, call: Call, asked: m.RunById) -> Empty:
        """Bring a run back."""
        self.removals.restore_run(call.project, _run_id(asked), actor=call.actor)
        return Empty()

    def delete_experiment(self, call: Call, asked: m.ExperimentById) -> Empty:
        """Delete an experiment with its runs."""
        self.removals.delete_experiment(call.project, experiment_number(asked.experiment_id or ""), actor=call.actor)
        return Empty()

    def restore_experiment(self, call: Call, asked: m.ExperimentById) -> Empty:
        """Bring an experiment back."""
        self.removals.restore_experiment(call.project, experiment_number(asked.experiment_id or ""), actor=call.actor)
        return Empty()

    def delete_model(self, call: Call, asked: mm.ModelById) -> Empty:
        """Delete a logged model."""
        self.removals.delete_model(call.project, asked.model_id or "", actor=call.actor)
        return Empty()

    async def delete_files(self, call: Call, path: str, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Remove a file or a folder; the receipt's id is told in a header."""
        receipt = await asyncio.to_thread(self.removals.remove_files, call.project, path, actor=call.actor)
        headers = [(b"content-type", b"application/json"), (b"x-everlearn-receipt", receipt.id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})


def removal_routes(removals: Removals) -> tuple[Route, ...]:
    """List the routes."""
    door, log = RemovalDoor(removals), Role.CONTRIBUTOR
    runs, experiments = "/mlflow/runs", "/mlflow/experiments"
    return (
        operation("POST", f"{runs}/delete", log, door.delete_run, m.RunById, "run_id"),
        operation("POST", f"{runs}/restore", log, door.restore_run, m.RunById, "run_id"),
        operation("POST", f"{experiments}/delete", log, door.delete_experiment, m.ExperimentById, "experiment_id"),
        operation("POST", f"{experiments}/restore", log, door.restore_experiment, m.ExperimentById, "experiment_id"),
        operation("DELETE", "/mlflow/logged-models/{model_id}", log, door.delete_model, mm.ModelById, "model_id"),
        Route(method="DELETE", path="/mlflow-artifacts/artifacts/{path}", role=log, stream=door.delete_files),
    )


def _run_id(asked: m.RunById) -> str:
    run_id = asked.run_id or asked.run_uuid
    if not run_id:
        raise ProtocolError("Missing value for required parameter 'run_id'.")
    return run_id
