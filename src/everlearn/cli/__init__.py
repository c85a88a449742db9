"""The kit that every package's `commands.py` is made of.

A command parses, calls one service method and shows the result:

    app = typer.Typer(help="Registered models and their versions.", no_args_is_help=True)

    @app.command("list")
    def list_models(project: Project = "default", as_json: AsJson = False) -> None:
        "List the models of a project."
        from everlearn.registry.service import Registry  # heavy: imported when the command runs

        show(service(Registry).models(project), as_json=as_json, columns=("name", "champion"))

Importing this package loads neither Rich nor a database driver.
"""

from everlearn.cli.options import AsJson, Limit, Project
from everlearn.cli.output import say, show
from everlearn.cli.services import actor, service

__all__ = ["AsJson", "Limit", "Project", "actor", "say", "service", "show"]
