"""An answer as a tree in a terminal; what was shown above already is named again, but not unfolded."""

from collections.abc import Iterator, Mapping, Sequence

from everlearn.cli import say
from everlearn.core.clock import iso
from everlearn.core.lineage import Edge, Node
from everlearn.lineage.model import Answer, Told

_MOST_LINES = 2_000


def print_tree(answer: Answer, *, is_downwards: bool) -> None:
    """Print the tree to stdout."""
    import sys  # noqa: PLC0415  # the stream of the moment: tests and pipes replace it

    for line in tree_lines(answer, is_downwards=is_downwards):
        sys.stdout.write(f"{line}\n")


def say_incomplete(*, is_complete: bool) -> None:
    """Tell on stderr that there is more than was looked at."""
    if not is_complete:
        say("there is more: the graph is larger than one question looks at; narrow it with --depth or another start")


def tree_lines(answer: Answer, *, is_downwards: bool) -> Iterator[str]:
    """Give the lines, at most two thousand."""
    words = {one.node: one for one in answer.nodes}
    onward: dict[Node, list[tuple[Edge, Node]]] = {}
    for edge in answer.edges:
        near, far = (edge.source, edge.target) if is_downwards else (edge.target, edge.source)
        onward.setdefault(near, []).append((edge, far))
    seen: set[Node] = set()
    lines = (
        line for start in answer.starts for line in (_named(start, words), *_below(start, onward, words, seen, ""))
    )
    for number, line in enumerate(lines):
        if number == _MOST_LINES:
            yield f"... and more; --json has all {len(answer.nodes)} nodes"
            return
        yield line


def _below(
    node: Node,
    onward: Mapping[Node, Sequence[tuple[Edge, Node]]],
    words: Mapping[Node, Told],
    seen: set[Node],
    indent: str,
) -> Iterator[str]:
    if node in seen:
        return
    seen.add(node)
    branches = onward.get(node, ())
    for number, (edge, far) in enumerate(branches, 1):
        corner, stem = ("└─ ", "   ") if number == len(branches) else ("├─ ", "│  ")
        again = " (see above)" if far in seen and onward.get(far) else ""
        yield f"{indent}{corner}{_related(edge)} {_named(far, words)}{again}"
        yield from _below(far, onward, words, seen, indent + stem)


def _related(edge: Edge) -> str:
    words = f"{edge.relation} {edge.note}".strip() if edge.note else str(edge.relation)
    return f"{words} until {iso(edge.ended_at)[:16]}:" if edge.ended_at is not None else f"{words}:"


def _named(node: Node, words: Mapping[Node, Told]) -> str:
    one = words.get(node)
    return str(node) if one is None else f"{one.title} [{one.note}] {node}" if one.note else f"{one.title} {node}"
