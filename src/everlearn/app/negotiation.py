"""What mlflow's clients ask before they begin: are you there, which version do you speak, what can you do."""

from litestar import get

from everlearn.access import Role
from everlearn.core.json import JSONObject
from everlearn.web import PUBLIC
from everlearn.web.mlflow import Call, Route
from everlearn.web.mlflow.wire import encode

SPOKEN = "3.17.2"
"""The version of the protocol that this server answers to; clients from 3.4 on take it as leave to send spans."""

_INFO: JSONObject = {
    "store_type": "SqlStore",
    "workspaces_enabled": False,
    "trace_archival_enabled": False,
    "multipart_uploads_enabled": True,
    "multipart_downloads_enabled": True,
    "presigned_upload_run_id_supported": True,
    "presigned_upload_model_id_supported": True,
    "features_enabled": {"gateway": False},
}


@get(
    ["/health", "/projects/{project:str}/health"],
    opt=PUBLIC,
    media_type="text/plain",
    include_in_schema=False,
    sync_to_thread=False,
)
def health() -> str:
    """Tell that the process answers."""
    return "OK"


@get(
    ["/version", "/projects/{project:str}/version"],
    opt=PUBLIC,
    media_type="text/plain",
    include_in_schema=False,
    sync_to_thread=False,
)
def version() -> str:
    """Tell the version of MLflow whose protocol is spoken."""
    return SPOKEN


def server_info(_call: Call, _request: None) -> bytes:
    """Tell what is supported."""
    return encode(_INFO)


def ui_telemetry(_call: Call, _request: None) -> bytes:
    """Tell MLflow's web interface to send nothing about its use to anybody."""
    return encode({"disable_ui_telemetry": True, "disable_ui_events": [], "ui_rollout_percentage": 0})


def no_telemetry(_call: Call, _request: None) -> bytes:
    """Take nothing."""
    return encode({"status": "disabled"})


HANDLERS = (health, version)
_TELEMETRY = "/mlflow/ui-telemetry"
ROUTES = (
    Route(method="GET", path="/mlflow/server-info", versions=("3.0",), role=None, handle=server_info),
    Route(method="GET", path=_TELEMETRY, versions=("3.0",), role=Role.VIEWER, handle=ui_telemetry),
    Route(method="POST", path=_TELEMETRY, versions=("3.0",), role=Role.VIEWER, handle=no_telemetry),
)
