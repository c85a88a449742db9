"""Fitness over JSON."""

from litestar import get

from everlearn.access import Role
from everlearn.promotion.fitness import Fitness, FitnessChecks
from everlearn.promotion.inspection import FileInspector
from everlearn.registry import Catalogue
from everlearn.tracking import Files
from everlearn.web import FromPath, Service, needs

_FITNESS = "/api/projects/{project:str}/models/{model:str}/versions/{number:int}/fitness"


@get(_FITNESS, guards=[needs(Role.VIEWER)], sync_to_thread=True)
def show_fitness(
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    catalogue: Service[Catalogue],
    files: Service[Files],
) -> Fitness:
    """Tell whether a version may be deployed, and what it lacks: signature, example, safe format, record."""
    return FitnessChecks(catalogue, FileInspector(files)).of(project, model, number)


HANDLERS = (show_fitness,)
