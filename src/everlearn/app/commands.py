"""Commands of the platform itself: what it is told, and its processes."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from everlearn.app.session import CommandSession
from everlearn.app.settings import Loaded, Settings, declared_settings, masked
from everlearn.cli import AsJson, service, show

app = typer.Typer()


@app.command()
def config(as_json: AsJson = False) -> None:
    """Print every setting with its value and where the value comes from."""
    loaded = service(Loaded)
    rows = [
        {
            "setting": name,
            "value": masked(getattr(loaded.settings, name), is_secret=name.endswith("_token")),
            "source": loaded.sources[name],
            "about": declared.about,
        }
        for name, declared in declared_settings().items()
    ]
    show(rows, as_json=as_json, columns=("setting", "value", "source"))


@app.command()
def up(
    api_port: Annotated[int | None, typer.Option(help="Port of the API and the pages; 0 takes a free one.")] = None,
    gateway_port: Annotated[int | None, typer.Option(help="Port of the gateway; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many worker processes.")] = None,
    home: Annotated[str | None, typer.Option(help="The folder of the embedded platform.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start every role in one process tree on this machine, until Ctrl-C. With --json: one line once it is ready."""
    from everlearn.app.lifeline import hold_lifeline
    from everlearn.app.up import Running, run_up

    hold_lifeline()  # a program that brings a platform up takes it down with itself
    session = service(CommandSession)
    session.override({"api_port": api_port, "gateway_port": gateway_port, "workers": workers, "home": home})

    def announce(running: Running) -> None:
        told = ("pages", "gateway", "login", *(("token",) if running.token else ()), "home")
        if as_json:
            sys.stdout.write(running.as_line() + "\n")
        else:
            show(running, as_json=False, columns=told, title="Everlearn is up; Ctrl-C stops it")
        sys.stdout.flush()

    run_up(session.loaded.settings, announce)


@app.command()
def demo(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result as data to this file.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the platform running until Ctrl-C.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Replay every flight: the same as --one-in 1.")] = False,
    one_in: Annotated[int, typer.Option(min=1, max=50, help="Replay a sample: one in so many flights.")] = 4,
    days: Annotated[int, typer.Option(min=1, max=334, help="How many days from 1 February on.")] = 334,
    incident_on: Annotated[
        int, typer.Option(min=0, help="On which day somebody deploys a broken model; 0: never.")
    ] = 200,
    home: Annotated[Path, typer.Option(help="A folder for the demo; what an earlier one left is replaced.")] = Path(
        ".everlearn/demo"
    ),
    database: Annotated[str, typer.Option(help="An empty database to use instead of SQLite: postgresql://…")] = "",
    blobs: Annotated[str, typer.Option(help="A blob store to use instead of a folder: s3://bucket/prefix")] = "",
) -> None:
    """Let a model live through a year of real flights: trained, deployed, watched, retrained, rolled out and back."""
    from everlearn.demo.flights.journey import Plan
    from everlearn.demo.flights.scenario import Options, run_demo

    plan = Plan(days=days, one_in=1 if full else one_in, incident_day=incident_on)
    run_demo(
        Options(home=home.absolute(), plan=plan, database_url=database, blobs_url=blobs, json_file=json_file, keep=keep)
    )


@app.command()
def api() -> None:
    """Serve the API and the pages."""
    settings = _begun()
    from everlearn.app.roles.api import run_api

    run_api(settings, inherited_socket=_inherited_socket())


@app.command()
def worker() -> None:
    """React to events and do the jobs."""
    settings = _begun()
    from everlearn.app.roles.worker import run_worker

    run_worker(settings)


@app.command()
def gateway() -> None:
    """Answer inference requests."""
    settings = _begun()
    from everlearn.app.roles.gateway import run_gateway

    run_gateway(settings, inherited_socket=_inherited_socket())


def _inherited_socket() -> str:
    from everlearn.app.supervisor import SOCKET_VARIABLE

    return os.environ.get(SOCKET_VARIABLE, "")


def _begun() -> Settings:
    from everlearn.app.lifeline import hold_lifeline
    from everlearn.app.logs import configure_logging

    hold_lifeline()  # before anything heavy: the supervisor may be gone already
    settings = service(Settings)
    configure_logging(settings.log_level, settings.log_file)
    return settings
