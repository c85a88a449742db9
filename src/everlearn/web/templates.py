"""The template environment: autoescaped, strict about names, one loader for all packages.

`registry/model.html` is `src/everlearn/registry/templates/model.html`; the kit's own are below `web/`.
"""

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from everlearn.web import formats
from everlearn.web.static_files import static_path


def template_environment(packages: Sequence[str]) -> Environment:
    """Make the environment over the templates of the kit and of these packages."""
    loaders = {name.rpartition(".")[2]: PackageLoader(name, "templates") for name in ("everlearn.web", *packages)}
    environment = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= formats.FILTERS
    environment.globals["static"] = static_path
    return environment
