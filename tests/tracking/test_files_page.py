"""The files of a run: folders with sizes, looks that cannot hurt, images in a sandbox."""

import io
import json
import pickle
import struct
import zlib
from collections.abc import Iterator
from urllib.parse import urlencode

import polars as pl
import pytest
from tests.app.lived import ADA, Seen, Visitor, living, visiting

RUN = "/projects/default/runs/mine"


def png() -> bytes:
    """One red pixel, written by the format's own rules."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0"))
        + chunk(b"IEND", b"")
    )


def parquet() -> bytes:
    target = io.BytesIO()
    pl.DataFrame({"day": ["Mon", "Tue"] * 100, "delay": range(200)}).write_parquet(target)
    return target.getvalue()


HOSTILE = b"<html><script>alert(1)</script></html>"
CONTENTS = {
    "config.json": b'{"depth":6,"names":["a"]}',
    "broken.json": b'{"depth":',
    "data/rows.csv": b"day,delay\nMon,5\nTue,<b>7</b>\n",
    "data/rows.parquet": parquet(),
    "data/damaged.parquet": b"PAR1" + parquet()[4:200] + b"\xff" * 64 + b"PAR1",
    "plots/fit.png": png(),
    "plots/evil.png": HOSTILE,
    "plots/drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "page.html": HOSTILE,
    "notes.md": b"# Title\n\n<script>alert(1)</script>",
    "model/model.pkl": pickle.dumps({"a": 1}),
    "model/innocent.txt": pickle.dumps({"a": 1}, protocol=4),
    "blob.bin": bytes(range(256)) * 10,
    "long.txt": "\u00fc".encode() * 100_000,
}


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with living(tmp_path_factory.mktemp("files") / "home") as life, visiting(life) as visit:
        tracking = life.platform.tracking
        tracking.start_run("default", "eta", run_id="mine", name="first", actor=ADA)
        for path, content in CONTENTS.items():
            tracking.log_artifact("mine", path, content)
        yield visit


def look(visitor: Visitor, path: str) -> Seen:
    return visitor.sees(f"{RUN}/files?{urlencode({'path': path})}")


def test_folders_have_the_size_of_what_is_in_them(visitor: Visitor) -> None:
    top = visitor.sees(f"{RUN}/files")
    below = visitor.sees(top.links["data/"])

    in_all = sum(map(len, CONTENTS.values()))
    assert f"{len(CONTENTS)} files, {in_all / 1000:.3g} kB in all" in top.text
    assert "data/ 3 " in top.text
    assert {"rows.csv", "rows.parquet", "damaged.parquet"} <= below.links.keys()
    assert visitor.client.get(below.links["download"]).headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("config.json", '"depth": 6, "names": [ "a" ]'),
        ("broken.json", '{"depth":'),
        ("data/rows.csv", "day delay Mon 5 Tue <b>7</b>"),
        ("data/rows.parquet", "50 of 200 rows"),
        ("data/damaged.parquet", "cannot be read as such"),
        ("page.html", "<script>alert(1)</script>"),
        ("plots/drawing.svg", "<script>alert(1)</script>"),
        ("plots/evil.png", "<script>alert(1)</script>"),
        ("notes.md", "# Title <script>alert(1)</script>"),
        ("model/model.pkl", "may run code"),
        ("model/innocent.txt", "may run code"),
        ("blob.bin", "download it"),
        ("long.txt", "The first 64,000 bytes"),
    ],
)
def test_each_kind_is_shown_as_what_it_is(visitor: Visitor, path: str, said: str) -> None:
    seen = look(visitor, path)

    assert seen.status == 200
    assert said in seen.text
    assert "<script>alert" not in seen.html
    assert "<b>7" not in seen.html
    assert seen.links["Download"]


def test_images_are_served_as_what_their_bytes_say_in_a_sandbox(visitor: Visitor) -> None:
    page = look(visitor, "plots/fit.png")
    source = page.html.partition('<img class="shown" src="')[2].partition('"')[0]

    image = visitor.client.get(source.replace("&amp;", "&"))
    others = [visitor.client.get(f"{RUN}/image", params={"path": path}) for path in ("page.html", "plots/evil.png")]

    assert image.content == png()
    assert image.headers["content-type"] == "image/png"
    assert image.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert image.headers["x-content-type-options"] == "nosniff"
    assert [other.status_code for other in others] == [400, 400]
    assert "<img" not in look(visitor, "plots/evil.png").html.partition("<main")[2]


@pytest.mark.parametrize("path", ["../mine", "a/../../b", "%2e%2e/x", "/etc/passwd", "none.txt"])
def test_paths_lead_nowhere_else(visitor: Visitor, path: str) -> None:
    assert look(visitor, path).status in {400, 404}
    assert visitor.client.get(f"{RUN}/image", params={"path": path}).status_code in {400, 404}


def test_another_projects_files_are_not_found(visitor: Visitor) -> None:
    assert visitor.sees("/projects/other/runs/mine/files").status == 404
    assert json.loads(visitor.client.get("/projects/other/runs/mine/image?path=plots/fit.png").text)["code"]


def test_a_run_without_files_says_so(visitor: Visitor) -> None:
    visitor.platform.tracking.start_run("default", "eta", run_id="bare", actor=ADA)

    assert "The run left none behind" in visitor.sees("/projects/default/runs/bare/files").text
