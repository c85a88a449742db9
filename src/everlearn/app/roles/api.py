"""The API and the pages."""

from everlearn.app.asgi import api_app
from everlearn.app.listening import check_address, inherited_or_listen
from everlearn.app.server import serve
from everlearn.app.settings import Settings
from everlearn.app.wiring import build


def run_api(settings: Settings, *, inherited_socket: str) -> None:
    """Serve until told to stop."""
    platform = build(settings)
    try:
        check_address(settings.api_host, settings.auth, has_admin=platform.access.has_admin())
        with inherited_or_listen(settings.api_host, settings.api_port, inherited_socket) as opened:
            serve(api_app(platform), opened)
    finally:
        platform.close()
