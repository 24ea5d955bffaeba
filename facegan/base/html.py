"""HTML pages from Jinja2 templates. All pages share the frame and the style in base/templates.

A room keeps its templates in a folder `templates` of its own; they extend "page.html". A page is one file: it needs no
server and no network, and follows the light or dark mode of the browser. Values are escaped.
"""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


@cache
def _environment(package: str) -> Environment:
    loaders = [PackageLoader(name, "templates") for name in dict.fromkeys((package, "facegan.base"))]
    return Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def render(package: str, template: str, **values: object) -> str:
    """The text of a template in the folder `templates` of a package, such as "facegan.runs"."""
    return _environment(package).get_template(template).render(values)
