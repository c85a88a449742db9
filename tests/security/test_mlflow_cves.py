"""What was reported against MLflow servers, class by class, tried on ours: the whole application with real tokens."""

import asyncio
import base64
import pickle
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from everlearn.access import Role
from everlearn.access.model import AccountKind
from everlearn.app.asgi import api_app
from everlearn.app.platform import Platform
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.actor import Actor

ADMIN = Actor("user:admin")
TREE, MPU = "/api/2.0/mlflow-artifacts/artifacts", "/api/2.0/mlflow-artifacts/mpu"
API = "/api/2.0/mlflow"
SECRET = "root:x:0:0:what must never leave this machine"
REFUSED = {400, 404}


@dataclass(frozen=True)
class Attacked:
    """A platform with two projects, and a token in each."""

    platform: Platform
    app: Any
    tokens: dict[str, str]
    outside: Path  # a file of the server that is nobody's artifact

    def ask(self, method: str, path: str, who: str | None = "mine", **said: Any) -> httpx.Response:
        headers = dict(said.pop("headers", {}))
        if who is not None:
            headers["authorization"] = f"Bearer {self.tokens[who]}"

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, path, headers=headers, **said)

        return asyncio.run(send())

    def run(self, project: str = "mine") -> str:
        made = self.ask("POST", f"/projects/{project}{API}/runs/create", project, json={"experiment_id": "0"})
        return str(made.json()["run"]["info"]["run_id"])


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    home = tmp_path_factory.mktemp("attacked") / "home"
    outside = home.parent / "secret.txt"
    outside.write_text(SECRET)
    platform = build(load_settings({"home": str(home)}, environ={}).settings)
    tokens = {}
    for name, project, role in (
        ("mine", "mine", Role.CONTRIBUTOR),
        ("theirs", "theirs", Role.CONTRIBUTOR),
        ("viewer", "mine", Role.VIEWER),
    ):
        platform.access.create_account(name, AccountKind.SERVICE, actor=ADMIN)
        platform.access.grant(name, project, role, actor=ADMIN)
        tokens[name] = platform.access.issue_token(name, actor=ADMIN).secret
    yield Attacked(platform, api_app(platform), tokens, outside)
    platform.close()


# paths that lead elsewhere: CVE-2023-1177, -2780, -6831, -6909, -6976, CVE-2024-1483, -1558, -1560, -1594, -3573, …


TRAVERSALS = [
    "../../../secret.txt",
    "a/../../../../secret.txt",
    "./x",
    "a//b",
    "/etc/passwd",
    "//etc/passwd",
    "%2e%2e/%2e%2e/secret.txt",
    "%252e%252e/secret.txt",
    "%25252e%25252e%25252fsecret.txt",
    "%2525252525252525252e%2e/x",
    "..%2f..%2fsecret.txt",
    "..;/secret.txt",
    "a;/../secret.txt",
    "a#/../../secret.txt",
    "a?/../../secret.txt",
    "a%23/../../secret.txt",
    "a%3f/../secret.txt",
    "a%3b/../secret.txt",
    "..\\..\\secret.txt",
    "..%5c..%5csecret.txt",
    "C:\\secret.txt",
    "C:/secret.txt",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc/passwd",
    "a\x00.txt",
    "a%00.txt",
    "\uff0e\uff0e/secret.txt",
    "%ef%bc%8e%ef%bc%8e/secret.txt",
    "a/\u2024\u2024/secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%ff%fe",
    " ../secret.txt",
    "../",
    "a\r\nx-header: y",
    "a\u202etxt.exe",
    "*",
    "x" * 300,
    "/".join("x" * 400),
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_address_of_a_file_leads_elsewhere(attacked: Attacked, path: str) -> None:
    run, base = attacked.run(), "/projects/mine"
    root = f"{base}{TREE}/0/{run}/artifacts"
    quoted = quote(path, safe="")
    of_run = {"run_uuid": run, "path": path}

    asked = [
        attacked.ask("PUT", f"{root}/{quoted}", content=b"x"),
        attacked.ask("GET", f"{root}/{quoted}"),
        attacked.ask("DELETE", f"{root}/{quoted}"),
        attacked.ask("GET", f"{base}{TREE}", params={"path": f"0/{run}/artifacts/{path}"}),
        attacked.ask("GET", f"{base}{API}/artifacts/list", params={"run_id": run, "path": path}),
        attacked.ask("GET", f"{base}/get-artifact", params=of_run),
        attacked.ask("POST", f"{base}/ajax-api/2.0/mlflow/upload-artifact", params=of_run, content=b"x"),
        attacked.ask("GET", f"{base}/api/2.0/mlflow-artifacts/presigned/0/{run}/{quoted}"),
        attacked.ask("POST", f"{base}{API}/artifacts/presigned-upload-url", json={"run_id": run, "path": path}),
        attacked.ask("POST", f"{base}{API}/artifacts/presigned-download-url", json={"run_id": run, "path": path}),
        attacked.ask("POST", f"{base}{MPU}/create/0/{run}/{quoted}", json={"path": "x", "num_parts": 1}),
    ]

    assert [answer.status_code for answer in asked if answer.status_code not in REFUSED] == []
    assert all(SECRET not in answer.text for answer in asked)
    assert attacked.outside.read_text() == SECRET
    assert [found.name for found in attacked.outside.parent.iterdir() if found.name not in {"home", "secret.txt"}] == []


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_name_of_a_file_at_the_client_leads_elsewhere(attacked: Attacked, path: str) -> None:
    """In multipart uploads the client says the file's name in the body, where no router has looked at it."""
    answer = attacked.ask("POST", f"/projects/mine{MPU}/create/0/r/artifacts", json={"path": path, "num_parts": 1})

    if answer.status_code == 200:  # a plain name was left of it
        with attacked.platform.db.read() as tx:
            kept = tx.connection.exec_driver_sql("select path from tracking_uploads order by id desc limit 1").scalar()
        assert re.fullmatch(r"0/r/artifacts/\w[\w.]*", str(kept))
    else:
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "identifier", ["../x", "%2e%2e%2fx", "..", "a/../b", "a\x00", "x" * 5_000, "'; drop table tracking_runs; --", "{}"]
)
def test_no_identifier_leads_elsewhere(attacked: Attacked, identifier: str) -> None:
    """Trace, run, model and upload ids were joined to paths once (CVE-2026-53995)."""
    quoted, base = quote(identifier, safe=""), "/projects/mine"
    asked = [
        attacked.ask("GET", f"{base}{API}/runs/get", params={"run_id": identifier}),
        attacked.ask("GET", f"{base}{API}/artifacts/list", params={"run_id": identifier}),
        attacked.ask("GET", f"{base}/get-artifact", params={"run_uuid": identifier, "path": "x"}),
        attacked.ask("GET", f"{base}{API}/logged-models/{quoted}"),
        attacked.ask("GET", f"{base}{API}/logged-models/{quoted}/artifacts/files?artifact_file_path=x"),
        attacked.ask("GET", f"{base}/api/3.0/mlflow/traces/{quoted}"),
        attacked.ask("PUT", f"{base}{MPU}/parts/{quoted}/1", content=b"x"),
        attacked.ask("POST", f"{base}{MPU}/abort/x", json={"path": "x", "upload_id": identifier}),
        attacked.ask("GET", f"{base}/model-versions/get-artifact?version=1&path=x", params={"name": identifier}),
    ]

    assert {answer.status_code for answer in asked} <= REFUSED | {403}


# sources and locations of the client's choice: CVE-2023-6015, -6018, CVE-2024-2928, CVE-2025-11201, CVE-2026-2614


SOURCES = [
    "/etc/passwd",
    "etc/passwd",
    "../../etc",
    "file:///etc",
    "FILE:///etc",
    "file:/etc",
    "local:///etc",
    "runs:/{run}/../../x",
    "runs:/{run}/%2e%2e/x",
    "runs:/{run}/%252e%252e/x",
    "runs:/{run}/a#/../../x",
    "models:/../../x",
    "mlflow-artifacts:/../../etc",
    "mlflow-artifacts:/0/%2e%2e/%2e%2e/etc",
    "mlflow-artifacts:/0/x/artifacts/m?../../etc",
    "mlflow-artifacts:/0/x/artifacts/m;../../etc",
    "mlflow-artifacts://host/0/../x",
    "http://127.0.0.1:1/?/../../etc/passwd",
    "http://127.0.0.1:1/#/../../etc/passwd",
    "s3://bucket/../x",
    "dbfs:/../x",
    "data:text/plain,x",
    "javascript:alert(1)",
    "s3://bucket/a\x00b",
    "s3://" + "x" * 5_000,
    "",
]


@pytest.mark.parametrize("source", SOURCES)
def test_no_version_is_of_a_file_of_the_server(attacked: Attacked, source: str) -> None:
    base = f"/projects/mine{API}"
    attacked.ask("POST", f"{base}/registered-models/create", json={"name": "m"})
    asked = {"name": "m", "source": source.replace("{run}", attacked.run())}

    answer = attacked.ask("POST", f"{base}/model-versions/create", json=asked)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "location", ["/etc", "file:///etc", "s3://b/#/../../etc", "http://h/a?b", "mlflow-artifacts:/.."]
)
def test_no_experiment_keeps_its_files_where_a_client_wants(attacked: Attacked, location: str) -> None:
    asked = {"name": f"at {location}", "artifact_location": location}

    assert attacked.ask("POST", f"/projects/mine{API}/experiments/create", json=asked).status_code == 400


def test_a_source_elsewhere_is_written_down_and_never_fetched(attacked: Attacked) -> None:
    base, source = f"/projects/mine{API}", "http://127.0.0.1:9/model"
    attacked.ask("POST", f"{base}/registered-models/create", json={"name": "far"})
    attacked.ask("POST", f"{base}/model-versions/create", json={"name": "far", "source": source})

    asked = {"name": "far", "version": "1", "path": "MLmodel"}
    assert attacked.ask("GET", "/projects/mine/model-versions/get-artifact", params=asked).status_code == 400


# what is served: CVE-2023-6568, and stored scripts in artifact viewers


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.xml", "x.js", "x.yaml", "x.pdf", "x", 'x".html', "x%0d%0ay: z"])
def test_nothing_that_was_uploaded_is_ever_shown_by_a_browser(attacked: Attacked, name: str) -> None:
    run, base = attacked.run(), "/projects/mine"
    path, script = f"0/{run}/artifacts/{name}", b"<script>alert(document.cookie)</script>"
    sent = attacked.ask("PUT", f"{base}{TREE}/{quote(path)}", content=script, headers={"content-type": "text/html"})
    if sent.status_code == 400:
        return
    link = attacked.ask("GET", f"{base}/api/2.0/mlflow-artifacts/presigned/{quote(path)}").json()

    shown = [
        attacked.ask("GET", f"{base}{TREE}/{quote(path)}", headers={"accept": "text/html"}),
        attacked.ask("GET", f"{base}/get-artifact", params={"run_uuid": run, "path": name}),
        attacked.ask("GET", f"/api/projects/mine/runs/{run}/artifacts/content", params={"path": name}),
        attacked.ask("GET", urlsplit(link["url"]).path, who=None, headers=link["headers"]),
    ]
    for answer in shown:
        assert (answer.status_code, answer.content) == (200, script)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "said", ["<script>alert(1)</script>", "text/html; x=<svg onload=alert(1)>", "a\x01b", "x" * 9_000]
)
def test_what_a_request_says_of_itself_is_not_said_back_as_a_page(attacked: Attacked, said: str) -> None:
    answer = attacked.ask(
        "POST", f"/projects/mine{API}/experiments/create", content=b"{}", headers={"content-type": said}
    )

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert said not in answer.text


# other people's projects: CVE-2024-4263, CVE-2025-15381, CVE-2026-2651, -2734


def test_a_project_reads_and_changes_nothing_of_another(attacked: Attacked) -> None:
    run, mine, theirs = attacked.run("theirs"), "/projects/mine", "/projects/theirs"
    path = f"0/{run}/artifacts/x"
    assert attacked.ask("PUT", f"{theirs}{TREE}/{path}", "theirs", content=b"theirs").status_code == 200
    upload = attacked.ask("POST", f"{theirs}{MPU}/create/0/{run}", "theirs", json={"path": "y", "num_parts": 1}).json()
    link = attacked.ask("GET", f"{theirs}/api/2.0/mlflow-artifacts/presigned/{path}", "theirs").json()

    through_theirs = [  # at their address, with a token of mine
        attacked.ask("GET", f"{theirs}{TREE}/{path}"),
        attacked.ask("PUT", f"{theirs}{TREE}/{path}", content=b"mine"),
        attacked.ask("DELETE", f"{theirs}{TREE}/{path}"),
        attacked.ask("POST", f"{theirs}{MPU}/create/0/{run}", json={"path": "y", "num_parts": 1}),
        attacked.ask("POST", f"{theirs}{MPU}/abort/0/{run}", json={"path": "y", "upload_id": upload["upload_id"]}),
        attacked.ask("POST", f"{theirs}{API}/artifacts/presigned-upload-url", json={"run_id": run, "path": "x"}),
        attacked.ask("GET", f"{theirs}/get-artifact", params={"run_uuid": run, "path": "x"}),
        attacked.ask("POST", f"{theirs}{API}/runs/log-metric", json={"run_id": run, "key": "k", "value": 1}),
        attacked.ask("GET", f"{theirs}{API}/model-versions/search"),
        attacked.ask("GET", f"/api/projects/theirs/runs/{run}/artifacts/content", params={"path": "x"}),
    ]
    through_mine = [  # at my address, naming what is theirs
        attacked.ask("GET", f"{mine}{TREE}/{path}"),
        attacked.ask("GET", f"{mine}{API}/runs/get", params={"run_id": run}),
        attacked.ask("GET", f"{mine}/get-artifact", params={"run_uuid": run, "path": "x"}),
        attacked.ask("POST", f"{mine}{API}/artifacts/presigned-upload-url", json={"run_id": run, "path": "x"}),
        attacked.ask("POST", f"{mine}{MPU}/abort/0/{run}", json={"path": "y", "upload_id": upload["upload_id"]}),
        attacked.ask(
            "PUT",
            urlsplit(upload["credentials"][0]["url"]).path.replace("theirs", "mine"),
            content=b"x",
            headers=upload["credentials"][0]["headers"],
        ),
        attacked.ask("GET", urlsplit(link["url"]).path.replace("theirs", "mine"), headers=link["headers"]),
    ]

    assert {answer.status_code for answer in through_theirs} == {403}
    assert {answer.status_code for answer in through_mine} <= {403, 404}
    assert attacked.ask("GET", f"{theirs}{TREE}/{path}", "theirs").content == b"theirs"


def test_whoever_may_look_changes_nothing(attacked: Attacked) -> None:
    run, base = attacked.run(), "/projects/mine"
    path = f"0/{run}/artifacts/x"
    attacked.ask("PUT", f"{base}{TREE}/{path}", content=b"kept")

    asked = [
        attacked.ask("PUT", f"{base}{TREE}/{path}", "viewer", content=b"x"),
        attacked.ask("DELETE", f"{base}{TREE}/{path}", "viewer"),
        *(
            attacked.ask("POST", f"{base}{MPU}/{word}/0", "viewer", json={"path": "y", "upload_id": "u", "parts": []})
            for word in ("create", "complete", "abort")
        ),
        attacked.ask(
            "POST", f"{base}{API}/artifacts/presigned-upload-url", "viewer", json={"run_id": run, "path": "x"}
        ),
        attacked.ask("POST", f"{base}/ajax-api/2.0/mlflow/upload-artifact?path=x", "viewer", params={"run_uuid": run}),
    ]
    assert {answer.status_code for answer in asked} == {403}
    assert attacked.ask("GET", f"{base}{TREE}/{path}", "viewer").content == b"kept"


# who is asking: GHSA-4qq5-mxxx-m6gg, CVE-2025-11200, CVE-2026-2635, CVE-2025-1473, CVE-2025-14279


@pytest.mark.parametrize(
    "pair", ["admin:password1234", "admin:password", "admin:", ":", "admin:admin", "mlflow:mlflow"]
)
def test_there_is_no_default_and_no_empty_password(attacked: Attacked, pair: str) -> None:
    headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    assert attacked.ask("GET", f"{API}/experiments/search", who=None, headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/signup", "/api/2.0/mlflow/users/create", "/ajax-api/2.0/mlflow/users/create-ui"])
def test_nobody_makes_an_account_for_themselves(attacked: Attacked, path: str) -> None:
    answer = attacked.ask("POST", path, who=None, json={"username": "eve", "password": "a long password"})

    assert answer.status_code in {401, 404}
    assert "eve" not in {account.name for account in attacked.platform.access.accounts(limit=100).items}


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://[::bad"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_changes_nothing_through_a_browser(attacked: Attacked, headers: dict[str, str]) -> None:
    run = attacked.run()
    for path in (f"/projects/mine{API}/runs/delete", "/projects/mine/ajax-api/2.0/mlflow/upload-artifact"):
        assert attacked.ask("POST", path, headers=headers, json={"run_id": run}).status_code == 403


# what exists at all: CVE-2023-6974, -6709, CVE-2024-3099, CVE-2025-52967, CVE-2026-0545, -0596, -2652, -3198


@pytest.mark.parametrize(
    "path",
    [
        "/api/2.0/mlflow/gateway-proxy",
        "/ajax-api/2.0/mlflow/gateway-proxy",
        "/api/2.0/mlflow/gateway/secrets/list",
        "/api/3.0/mlflow/gateway/endpoints/list",
        "/ajax-api/3.0/jobs/search",
        "/api/3.0/mlflow/workspaces",
        "/ajax-api/2.0/mlflow/runs/create-promptlab-run",
        "/api/2.0/mlflow/nothing/of/the/kind",
    ],
)
def test_what_this_server_does_not_do_is_said_in_json(attacked: Attacked, path: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = attacked.ask(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


# too much of everything: CVE-2024-6838, CVE-2025-0453


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("experiments/create", {"name": LONG}),
        ("experiments/set-experiment-tag", {"experiment_id": "0", "key": LONG, "value": "v"}),
        ("experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": LONG}),
        ("runs/create", {"experiment_id": "0", "run_name": LONG}),
        ("runs/create", {"experiment_id": LONG}),
        ("runs/search", {"experiment_ids": ["0"], "max_results": 10**9}),
        ("runs/search", {"experiment_ids": ["0"], "filter": " AND ".join(["metrics.a > 1"] * 20_000)}),
        ("runs/search", {"experiment_ids": ["0"], "filter": "params.a LIKE '" + "%a" * 100_000 + "'"}),
        ("runs/search", {"experiment_ids": ["0"], "filter": "run_id IN (" + ",".join(["'x'"] * 50_000) + ")"}),
        ("runs/search", {"experiment_ids": ["0"] * 100_000}),
        ("runs/search", {"experiment_ids": ["0"], "order_by": ["metrics.a"] * 10_000}),
        ("runs/search", {"experiment_ids": ["0"], "page_token": LONG}),
        ("registered-models/create", {"name": LONG}),
        ("registered-models/create", {"name": "n", "description": LONG * 3}),
        ("experiments/search-datasets", {"experiment_ids": ["1"] * 100_000}),
        ("artifacts/presigned-upload-url", {"run_id": "r", "path": LONG}),
    ],
)
def test_nothing_grows_without_bound(attacked: Attacked, path: str, body: dict[str, Any]) -> None:
    answer = attacked.ask("POST", f"/projects/mine{API}/{path}", json=body)

    assert answer.status_code in REFUSED | {200}
    assert len(answer.content) < 100_000  # nothing that long was kept


def test_a_body_is_read_up_to_its_limit(attacked: Attacked) -> None:
    answer = attacked.ask("POST", f"/projects/mine{API}/experiments/create", content=b'{"name": "' + b"x" * 17_000_000)

    assert answer.status_code == 400


def test_nested_bodies_are_refused_before_they_are_followed(attacked: Attacked) -> None:
    for body in (b"[" * 500_000, b'{"tags":' * 100_000, b'{"name": {"a": {"b": {}}}}'):
        answer = attacked.ask("POST", f"/projects/mine{API}/experiments/create", content=body)
        assert answer.status_code == 400


# what failures tell: CVE-2023-43472


def test_a_refusal_tells_nothing_of_the_machine(attacked: Attacked) -> None:
    base = f"/projects/mine{API}"
    for _ in range(2):
        attacked.ask("POST", f"{base}/experiments/create", json={"name": "twice"})
        taken = attacked.ask("POST", f"{base}/registered-models/create", json={"name": "twice"})
    asked = [
        taken,
        attacked.ask("POST", f"{base}/experiments/create", json={"name": "twice"}),
        attacked.ask("GET", f"{base}/runs/get", params={"run_id": "none"}),
        attacked.ask("POST", f"{base}/runs/search", json={"experiment_ids": ["0"], "filter": "params.'; --"}),
        attacked.ask("GET", f"/projects/mine{TREE}/none"),
    ]

    for answer in asked:
        assert answer.status_code in REFUSED
        assert not re.search(
            r"sqlite|insert into|select |traceback|\.py|/home|site-packages", answer.text, re.IGNORECASE
        )
        assert str(attacked.outside.parent) not in answer.text


# what is loaded: CVE-2024-37052 to -37060, and every "won't fix" of that kind


class Touch:
    """Leaves a file behind when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return open, (str(self.path), "w")


def test_the_server_loads_nothing_of_what_it_keeps(attacked: Attacked, tmp_path: Path) -> None:
    run, base, loaded = attacked.run(), "/projects/mine", tmp_path / "loaded"
    described = f"signature: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{loaded}]]\n"
    for name, content in (("model.pkl", pickle.dumps(Touch(loaded))), ("MLmodel", described.encode())):
        sent = attacked.ask("PUT", f"{base}{TREE}/0/{run}/artifacts/model/{name}", content=content)
        assert sent.status_code == 200
    attacked.ask("POST", f"{base}{API}/registered-models/create", json={"name": "bad"})
    asked = {"name": "bad", "source": f"runs:/{run}/model", "run_id": run}
    assert attacked.ask("POST", f"{base}{API}/model-versions/create", json=asked).status_code == 200
    alias = {"name": "bad", "alias": "champion", "version": "1"}
    attacked.ask("POST", f"{base}{API}/registered-models/alias", json=alias)

    for path in (f"/projects/mine/runs/{run}", "/projects/mine/models/bad"):
        attacked.ask("GET", path, headers={"accept": "text/html"})
    attacked.ask("GET", f"/api/projects/mine/runs/{run}/artifacts")
    assert not loaded.exists()
