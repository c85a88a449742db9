"""Deleting and restoring over JSON. Every answer is a receipt."""

from litestar import delete, post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.storage import Receipt
from everlearn.tracking.removal import Removals
from everlearn.web import FromPath, FromQuery, Service, needs

_LOG = [needs(Role.CONTRIBUTOR)]
_PROJECT = "/api/projects/{project:str}"
_RUN = f"{_PROJECT}/runs/{{run_id:str}}"


@delete(_RUN, guards=_LOG, status_code=200, sync_to_thread=True)
def delete_run(
    project: FromPath[str], run_id: FromPath[str], removals: Service[Removals], actor: Service[Actor]
) -> Receipt:
    """Delete a run; it can be restored until it is purged. The receipt says what purging it would free."""
    return removals.delete_run(project, run_id, actor=actor)


@post(f"{_RUN}/restore", guards=_LOG, status_code=200, sync_to_thread=True)
def restore_run(
    project: FromPath[str], run_id: FromPath[str], removals: Service[Removals], actor: Service[Actor]
) -> Receipt:
    """Bring a deleted run back."""
    return removals.restore_run(project, run_id, actor=actor)


@delete(f"{_PROJECT}/experiments/{{experiment:int}}", guards=_LOG, status_code=200, sync_to_thread=True)
def delete_experiment(
    project: FromPath[str], experiment: FromPath[int], removals: Service[Removals], actor: Service[Actor]
) -> Receipt:
    """Delete an experiment with its runs; it can be restored with them."""
    return removals.delete_experiment(project, experiment, actor=actor)


@delete(f"{_PROJECT}/logged-models/{{model_id:str}}", guards=_LOG, status_code=200, sync_to_thread=True)
def delete_logged_model(
    project: FromPath[str], model_id: FromPath[str], removals: Service[Removals], actor: Service[Actor]
) -> Receipt:
    """Delete a logged model."""
    return removals.delete_model(project, model_id, actor=actor)


@delete(f"{_PROJECT}/files", guards=_LOG, status_code=200, sync_to_thread=True)
def remove_files(
    project: FromPath[str], path: FromQuery[str], removals: Service[Removals], actor: Service[Actor]
) -> Receipt:
    """Remove a file of the project's tree, or a folder with all in it, at once and for good."""
    return removals.remove_files(project, path, actor=actor)


HANDLERS = (delete_run, restore_run, delete_experiment, delete_logged_model, remove_files)
