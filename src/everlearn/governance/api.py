"""Model cards over HTTP: Markdown for people, JSON for programs; both of the same edition."""

from litestar import get

from everlearn.access import Role
from everlearn.governance.model import Card
from everlearn.governance.service import Cards
from everlearn.web import FromPath, Service, needs

_LOOK = [needs(Role.VIEWER)]
_CARD = "/api/projects/{project:str}/models/{model:str}/versions/{number:int}/card"


@get(_CARD, guards=_LOOK, media_type="text/markdown", sync_to_thread=True)
def show_card(project: FromPath[str], model: FromPath[str], number: FromPath[int], cards: Service[Cards]) -> str:
    """Give the newest edition of a version's model card as Markdown."""
    return cards.read(project, model, number)


@get(f"{_CARD}.json", guards=_LOOK, sync_to_thread=True)
def show_card_facts(project: FromPath[str], model: FromPath[str], number: FromPath[int], cards: Service[Cards]) -> Card:
    """Give the newest edition of a version's model card as data: lineage, parameters, metrics, every decision."""
    return cards.card(project, model, number)


HANDLERS = (show_card, show_card_facts)
