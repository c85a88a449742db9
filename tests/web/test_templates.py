import re
from importlib.resources import files
from importlib.resources.abc import Traversable

import pytest
from litestar.testing import TestClient
from markupsafe import escape
from tests.web.gallery import gallery_app

import everlearn
from everlearn.web.templates import template_environment
from everlearn.web.view import Cell, Column, EmptyState, Table

HOSTILE = '"><script>alert(1)</script>'


def templates(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for place in folder.iterdir():
        if place.is_dir():
            found.extend(templates(place))
        elif place.name.endswith(".html"):
            found.append(place)
    return found


ALL = templates(files(everlearn))


def test_every_partial_and_plot_renders() -> None:
    with TestClient(gallery_app(), raise_server_exceptions=True) as client:
        answer = client.get("/gallery")

    assert answer.status_code == 200
    assert len(answer.content) < 150_000


@pytest.mark.parametrize("template", ALL, ids=str)
def test_no_template_has_a_style_or_a_script_of_its_own(template: Traversable) -> None:
    text = template.read_text()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?! src=\"\{\{ static\()", text)
    assert "|safe" not in text
    assert "autoescape false" not in text


@pytest.mark.parametrize("template", ALL, ids=str)
def test_every_template_compiles(template: Traversable) -> None:
    template_environment(()).parse(template.read_text())


def test_what_others_wrote_is_escaped() -> None:
    table = Table(
        caption=HOSTILE,
        columns=(Column(title=HOSTILE),),
        rows=((Cell(text=HOSTILE, title=HOSTILE, href="/x"),),),
        empty=EmptyState(title="none"),
    )
    source = '{% from "web/partials/table.html" import table %}{{ table(data) }}'

    html = template_environment(()).from_string(source).render(data=table)

    assert HOSTILE not in html
    assert str(escape(HOSTILE)) in html
