"""From a deletion to freed bytes, over the API and by the worker."""

from pathlib import Path
from typing import Any

from tests.app.lived import living, visiting

API = "/api/projects/default"


def test_a_deleted_run_is_planned_purged_and_its_bytes_collected(tmp_path: Path) -> None:
    with living(tmp_path / "home") as life, visiting(life) as visitor:

        def ask(method: str, path: str, *, status: int = 200, **said: Any) -> Any:
            answer = visitor.client.request(method, path, **said)
            assert answer.status_code == status, answer.text
            return answer.json() if answer.content else None

        run = ask("POST", f"{API}/runs", status=201, json={"experiment": "eta"})
        ask("PUT", f"{API}/runs/{run['id']}/artifacts", params={"path": "model.bin"}, content=b"weights")
        ask("PUT", f"{API}/retention/policy", json={"rules": [{"purge_deleted_after_days": 0}]})

        deleted = ask("DELETE", f"{API}/runs/{run['id']}")
        assert (deleted["action"], deleted["weight"]["freed_bytes"]) == ("deleted", 7)
        assert ask("GET", f"{API}/receipts/{deleted['id']}") == deleted

        held = {"subject": f"run:default/{run['id']}", "reason": "lawsuit"}
        ask("POST", f"{API}/holds", status=201, json=held)
        assert ask("GET", f"{API}/retention/plan")["plan"]["spared"][0]["id"] == run["id"]
        ask("POST", f"{API}/holds/lift", json=held | {"reason": "settled"})

        plan = ask("GET", f"{API}/retention/plan")
        applied = ask("POST", f"{API}/retention/applications", status=202, json={"plan": plan["id"]})
        assert (applied["items"], applied["freed_bytes"]) == (1, 7)
        life.worker.work_off()

        ask("GET", f"{API}/runs/{run['id']}", status=404)
        ask("POST", f"{API}/runs/{run['id']}/restore", status=404)
        purged = ask("GET", f"{API}/receipts", params={"subject": f"run:default/{run['id']}"})["items"][0]
        assert (purged["action"], purged["weight"]["freed_bytes"]) == ("purged", 7)
        ask("POST", f"{API}/retention/applications", status=409, json={"plan": plan["id"]})

        ask("POST", "/api/blobs/collections", status=202)
        life.worker.work_off()
        assert life.platform.operations.settlement().pending_jobs == 0
        assert life.platform.audit.verify().is_sound
