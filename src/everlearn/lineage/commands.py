"""`everlearn lineage`: what something stands on, what came of it, and who in traffic learned from data."""

from typing import Annotated

import typer

from everlearn.cli import AsJson, Project, service, show

app = typer.Typer(help="Where things come from, and what came of them.", no_args_is_help=True)

Start = Annotated[
    str,
    typer.Argument(
        metavar="NODE",
        help="KIND:ID, e.g. version:eta/3, deployment:eta, dataset:flights@52, digest:sha256:..., run:ID.",
    ),
]
Depth = Annotated[int | None, typer.Option(min=0, max=1_000, help="At most so many steps.")]
Kind = Annotated[list[str] | None, typer.Option("--kind", help="Tell only nodes of this kind; may be repeated.")]
Live = Annotated[bool, typer.Option("--live", help="Leave out deployments that have ended.")]
OnlyLearned = Annotated[bool, typer.Option("--learned", help="Only along what leaves a trace in a model.")]
AsOf = Annotated[str | None, typer.Option(help="What was recorded up to this instant; now if you name none.")]


@app.command("upstream")
def upstream(
    node: Start,
    kind: Kind = None,
    live: Live = False,
    learned: OnlyLearned = False,
    depth: Depth = None,
    as_of: AsOf = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show what something stands on: data, code, environment, runs, decisions."""
    _walk("upstream", node, project, kind or [], live, learned, depth, as_of, as_json)


@app.command("downstream")
def downstream(
    node: Start,
    kind: Kind = None,
    live: Live = False,
    learned: OnlyLearned = False,
    depth: Depth = None,
    as_of: AsOf = None,
    project: Project = "default",
    as_json: AsJson = False,
) -> None:
    """Show what came of something: runs, models, versions, deployments."""
    _walk("downstream", node, project, kind or [], live, learned, depth, as_of, as_json)


@app.command("learned-from")
def learned_from(data: Start, as_of: AsOf = None, project: Project = "default", as_json: AsJson = False) -> None:
    """List every version in traffic that learned from data, e.g. before rows of it are erased."""
    from everlearn.core.clock import parse_instant
    from everlearn.lineage.answers import learned_list
    from everlearn.lineage.service import Lineage
    from everlearn.lineage.tree import say_incomplete

    found = service(Lineage).learned_from(project, data, as_of=None if as_of is None else parse_instant(as_of))
    told = learned_list(found)
    if as_json:
        show(told, as_json=True)
        return
    rows = [
        {
            "model": one.model,
            "version": one.version,
            "role": one.role.removesuffix(" of"),
            "since": one.since,
            "by way of": " > ".join([edge.source for edge in one.path]),
        }
        for one in told.items
    ]
    show(rows, as_json=False)
    say_incomplete(is_complete=found.is_complete)


def _walk(
    direction: str,
    node: str,
    project: str,
    kinds: list[str],
    live: bool,
    learned: bool,
    depth: int | None,
    as_of: str | None,
    as_json: bool,
) -> None:
    from everlearn.core.clock import parse_instant
    from everlearn.lineage.answers import graph_of
    from everlearn.lineage.model import MOST_NODES, Direction, Question, checked_kinds
    from everlearn.lineage.service import Lineage
    from everlearn.lineage.tree import print_tree, say_incomplete

    question = Question(
        start=node,
        direction=Direction(direction),
        depth=depth,
        kinds=checked_kinds(kinds),
        as_of=None if as_of is None else parse_instant(as_of),
        is_live=live,
        is_learned=learned,
    )
    answer = service(Lineage).ask(project, question)
    if as_json:
        show(graph_of(answer, after=None, limit=MOST_NODES), as_json=True)
    elif question.kinds:
        rows = [
            {"node": str(one.node), "steps": one.depth, "what": one.title, "state": one.note} for one in answer.nodes
        ]
        show(rows, as_json=False)
    else:
        print_tree(answer, is_downwards=direction == "downstream")
    say_incomplete(is_complete=answer.is_complete)
