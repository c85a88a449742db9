"""The files of a run: folders with their sizes, what is in a file as far as it is safe to show, and downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from urllib.parse import quote

from litestar import get
from litestar.response import Stream

from everlearn.access import Role
from everlearn.core.errors import InvalidError
from everlearn.tracking.artifact_path import checked_artifact_path
from everlearn.tracking.files import Files, FolderSize, SizedChild
from everlearn.tracking.model import ArtifactNotFoundError, Run
from everlearn.tracking.pages.previews import LARGEST_IMAGE, Kind, Preview, image_type, preview
from everlearn.tracking.pages.words import hazard_cell, run_name, short_id
from everlearn.tracking.service import Tracking
from everlearn.web import HTML, FromPath, FromQuery, PageRenderer, Service, needs
from everlearn.web.formats import instant, minute, number, short, size
from everlearn.web.links import asked, path_of
from everlearn.web.view import Cell, Column, EmptyState, Link, PageHead, Pair, Status, Table, Tone

_LOOK = [needs(Role.VIEWER)]
_SANDBOX = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPage:
    """Context of a folder."""

    head: PageHead
    files: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """Context of a file."""

    head: PageHead
    facts: tuple[Pair, ...]
    preview: Preview
    image_href: str  # empty: it is no image that is shown


@get("/projects/{project:str}/runs/{run_id:str}/files", guards=_LOOK, sync_to_thread=True)
def files_page(
    project: FromPath[str],
    run_id: FromPath[str],
    tracking: Service[Tracking],
    files: Service[Files],
    page: Service[PageRenderer],
    path: FromQuery[str] = "",
) -> HTML:
    """Show a folder of a run's files, or look into a file."""
    run = tracking.run_of(project, run_id)
    inside = checked_artifact_path(path) if path else ""
    folder = f"{run.artifact_root}/{inside}" if inside else run.artifact_root
    if inside and files.is_file(project, folder):
        return page.show("tracking/file.html", _file(files, run, inside), section="runs")
    children = files.sized_children(project, folder)
    if inside and not children:
        raise ArtifactNotFoundError(f"run {run.id} has no artifact {inside[:80]!r}; the folder above lists what it has")
    return page.show("tracking/files.html", _folder(files, run, inside, children), section="runs")


@get("/projects/{project:str}/runs/{run_id:str}/image", guards=_LOOK, sync_to_thread=True)
def run_image(
    project: FromPath[str], run_id: FromPath[str], path: FromQuery[str], tracking: Service[Tracking]
) -> Stream:
    """Serve an image of a run as exactly the type that its bytes say, in a sandbox."""
    artifact, chunks = tracking.open_artifact(tracking.run_of(project, run_id).id, path)
    first = next(chunks, b"")
    media = image_type(first)
    if media is None or artifact.size_bytes > LARGEST_IMAGE:
        raise InvalidError(f"{path[:80]!r} is no PNG, JPEG, GIF or WebP image that is shown here; download it")
    headers = {
        "Content-Security-Policy": _SANDBOX,
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2], safe='')}",
        "Content-Length": str(artifact.size_bytes),
    }
    return Stream(chain([first], chunks), headers=headers, media_type=media)


def _head(run: Run, inside: str, status: Status, links: tuple[Link, ...] = ()) -> PageHead:
    """Make the top: the way down from the run is the crumbs."""
    here = path_of("projects", run.project, "runs", run.id)
    parts = inside.split("/") if inside else []
    above = [
        Link(text=part, href=asked(f"{here}/files", path="/".join(parts[: place + 1])))
        for place, part in enumerate(parts[:-1])
    ]
    return PageHead(
        kind="file" if parts else "files of",
        title=parts[-1] if parts else run_name(run),
        status=status,
        crumbs=(
            Link(text=run.experiment, href=asked(path_of("projects", run.project, "runs"), experiment=run.experiment)),
            Link(text=run_name(run), href=here),
            *([Link(text="files", href=f"{here}/files")] if parts else []),
            *above,
        ),
        links=links,
    )


def _folder(files: Files, run: Run, inside: str, children: Sequence[SizedChild]) -> FolderPage:
    whole = files.folder_size(run.project, f"{run.artifact_root}/{inside}" if inside else run.artifact_root)
    head = _head(run, inside, _folder_status(whole))
    here = path_of("projects", run.project, "runs", run.id)
    return FolderPage(
        head=PageHead(kind="folder" if inside else head.kind, title=head.title, status=head.status, crumbs=head.crumbs),
        files=Table(
            caption="Files",
            is_caption_shown=False,
            columns=(
                Column(title="name"),
                Column(title="files", is_number=True),
                Column(title="size", is_number=True),
                Column(title="share", unit="%", is_number=True),
                Column(title="newest", unit="UTC"),
                Column(title="digest"),
                Column(title="warning"),
                Column(title="get"),
            ),
            rows=tuple(_row(here, inside, child, whole.size_bytes) for child in children),
            empty=EmptyState(title="No files", text="The run left none behind."),
        ),
    )


def _folder_status(whole: FolderSize) -> Status:
    words = (
        f"{number(whole.file_count)} {'file' if whole.file_count == 1 else 'files'}, {size(whole.size_bytes)} in all."
    )
    return Status(word="kept", tone=Tone.GOOD if whole.file_count else Tone.IDLE, why=words)


def _row(here: str, inside: str, child: SizedChild, whole: int) -> tuple[Cell, ...]:
    path = f"{inside}/{child.name}" if inside else child.name
    is_folder = child.digest is None
    download = asked(f"/api{here}/artifacts/content", path=path)
    return (
        Cell(text=f"{child.name}/" if is_folder else child.name, href=asked(f"{here}/files", path=path)),
        Cell(text=number(child.file_count) if is_folder else ""),
        Cell(text=size(child.size_bytes)),
        Cell(text=f"{child.size_bytes / whole * 100:.0f}" if whole else ""),
        Cell(text=minute(child.newest_at)),
        Cell(text=short(child.digest), is_code=True, title=child.digest) if child.digest else Cell(text=""),
        hazard_cell(child.hazard),
        Cell(text="") if is_folder else Cell(text="download", href=download),
    )


def _file(files: Files, run: Run, inside: str) -> FilePage:
    artifact, chunks = files.open(run.project, f"{run.artifact_root}/{inside}")
    found = preview(inside, artifact.size_bytes, artifact.hazard, chunks)
    here = path_of("projects", run.project, "runs", run.id)
    download = Link(text="Download", href=asked(f"/api{here}/artifacts/content", path=inside))
    if found.kind is Kind.HAZARD:
        status = Status(word="may run code", tone=Tone.ACT, why=found.note)
    else:
        status = Status(word="kept", tone=Tone.GOOD, why=f"{size(artifact.size_bytes)}. {found.note}")
    return FilePage(
        head=_head(run, inside, status, (download,)),
        facts=(
            Pair(label="Path", value=Cell(text=inside, is_code=True)),
            Pair(label="Size", value=Cell(text=size(artifact.size_bytes), title=f"{artifact.size_bytes:,} bytes")),
            Pair(label="Digest", value=Cell(text=artifact.digest, is_code=True)),
            Pair(label="Logged", value=Cell(text=instant(artifact.logged_at))),
            Pair(label="Run", value=Cell(text=short_id(run.id), href=here, title=run.id)),
        ),
        preview=found,
        image_href=asked(f"{here}/image", path=inside) if found.kind is Kind.IMAGE else "",
    )


PAGES = (files_page, run_image)
