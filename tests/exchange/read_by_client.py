"""Everything that a tracking server shows, read with MLflow's client and written as JSON, to be compared.

    python read_by_client.py http://127.0.0.1:5000 out.json

Addresses of files say where a server keeps them, so they are left out; their contents are read through every run.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType


def experiments(client: MlflowClient) -> dict[str, Any]:
    found = client.search_experiments(view_type=ViewType.ALL, max_results=1_000)
    return {
        one.name: [one.experiment_id, one.lifecycle_stage, one.creation_time, one.last_update_time, dict(one.tags)]
        for one in found
    }


def runs(client: MlflowClient, with_files: bool) -> dict[str, Any]:  # a script's own
    ids = [one.experiment_id for one in client.search_experiments(view_type=ViewType.ALL)]
    found: dict[str, Any] = {}
    token = None
    while True:
        page = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=500, page_token=token)
        found |= {one.info.run_id: run(client, one, with_files) for one in page}
        token = page.token
        if not token:
            return found


def run(client: MlflowClient, one: Any, with_files: bool) -> dict[str, Any]:  # the same
    info, data = one.info, one.data
    outputs = getattr(getattr(one, "outputs", None), "model_outputs", ())  # there are none before MLflow 3
    return {
        "info": [info.experiment_id, info.run_name, info.user_id, info.status, info.lifecycle_stage],
        "times": [info.start_time, info.end_time],
        "params": dict(data.params),
        "tags": dict(data.tags),
        "metrics": {key: repr(value) for key, value in data.metrics.items()},
        "points": {
            key: sorted([at.step, at.timestamp, repr(at.value)] for at in client.get_metric_history(info.run_id, key))
            for key in data.metrics
        },
        "inputs": sorted(json.dumps(used.to_dictionary(), sort_keys=True) for used in one.inputs.dataset_inputs),
        "outputs": sorted([used.model_id, used.step] for used in outputs),
        "files": files(client, info.run_id) if with_files and info.lifecycle_stage == "active" else None,
    }


def files(client: MlflowClient, run_id: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        if client.list_artifacts(run_id):
            client.download_artifacts(run_id, "", folder)
        return {
            file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(Path(folder).rglob("*"))
            if file.is_file()
        }


def logged_models(client: MlflowClient) -> dict[str, Any]:
    if not hasattr(client, "search_logged_models"):
        return {}
    ids = [one.experiment_id for one in client.search_experiments()]
    return {
        one.model_id: [
            one.experiment_id, one.name, str(one.status), one.model_type or "", one.source_run_id, dict(one.tags),
            dict(one.params), one.creation_timestamp, one.last_updated_timestamp,
            [[at.key, at.value, at.step, at.timestamp, at.dataset_name, at.dataset_digest] for at in one.metrics or ()],
        ]
        for one in client.search_logged_models(ids, max_results=50)
    }  # fmt: skip


def registered_models(client: MlflowClient) -> dict[str, Any]:
    found = {}
    for one in client.search_registered_models():
        versions = [version(at) for at in client.search_model_versions(f"name = '{one.name}'")]
        living = {str(number) for number, *_ in versions}
        aliases = {alias: str(number) for alias, number in one.aliases.items() if str(number) in living}
        times = [one.creation_timestamp, one.last_updated_timestamp]
        found[one.name] = [one.description or "", dict(one.tags), aliases, times, versions]
    return found


def version(one: Any) -> list[Any]:
    source = one.source if one.source.startswith(("runs:/", "models:/")) else one.source.rpartition("/artifacts")[2]
    return [
        str(one.version), one.current_stage, one.description or "", dict(one.tags), one.run_id, one.status, source,
        one.creation_timestamp, one.last_updated_timestamp,
    ]  # fmt: skip


def main() -> None:
    mlflow.set_tracking_uri(sys.argv[1])
    client = MlflowClient()
    found = {
        "experiments": experiments(client),
        "runs": runs(client, "files" in sys.argv[3:]),
        "logged models": logged_models(client),
        "registered models": registered_models(client),
    }
    Path(sys.argv[2]).write_text(json.dumps(found, indent=1, sort_keys=True))


main()
