"""The kit that every package's `api.py` and `pages.py` is made of; it knows no domain.

A JSON endpoint decodes, calls one service method and answers:

    @get("/api/projects/{project:str}/models", guards=[needs(Role.VIEWER)], sync_to_thread=True)
    def list_models(
        project: FromPath[str], registry: Service[Registry], after: FromQuery[str | None] = None
    ) -> Page[Model]:
        "List the models of a project."
        return registry.models(project, after=after)

    HANDLERS = (list_models,)

Bodies are `data: JSONBody[SomeStruct]`, decoded strictly. Failures are raised as `EverlearnError`s and answered in one
shape (`errors`). Pages render templates over a context dataclass (`render`), with the partials below
`templates/web/` and the plots in `plots`.
"""

from litestar.params import FromPath, FromQuery, JSONBody

from everlearn.web.auth import PUBLIC, Caller, needs
from everlearn.web.inject import Service
from everlearn.web.render import HTML, PageRenderer

__all__ = [
    "HTML",
    "PUBLIC",
    "Caller",
    "FromPath",
    "FromQuery",
    "JSONBody",
    "PageRenderer",
    "Service",
    "needs",
]
