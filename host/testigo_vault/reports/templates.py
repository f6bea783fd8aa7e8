"""Reports from templates: `<folder>/<language>/<name>.md.j2`, Jinja with the Markdown of `parser`.

A template has every sentence of one language; Python gives it plain data. In a template

    {{ value }}            is text, whatever stands in it
    {{ value | code }}     is set as it is typed
    {{ gap("...") }}       is a gap that people fill in; {{ gap("who has {key}", key=name) }} names a value in it

and a name that is not there is an error. After a block tag that ends a line of text, `+%}` keeps the line's end.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from testigo_vault.reports.blocks import CALM, Block, Code, Gap, Report
from testigo_vault.reports.parser import Parsed, parse
from testigo_vault.reports.values import mark


class Templates:
    """The templates of one language. filters: those of this folder, besides `code`."""

    def __init__(self, folder: Path, language: str, filters: Mapping[str, Callable]) -> None:
        self.language = language
        self._environment = Environment(
            loader=FileSystemLoader(folder / language),
            autoescape=True,  # what a macro gives is Markup then, which _finalize leaves as it is
            finalize=_finalize,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["gap"] = _gap
        self._environment.filters.update({"code": Code, **filters})

    def report(self, name: str, verdict: str = CALM, **values: Any) -> Report:
        """Raises jinja2.TemplateError, TemplateError."""
        parsed = self._parsed(name, verdict, values)
        return Report(parsed.title, parsed.subtitle, self.language, parsed.blocks, parsed.footer)

    def blocks(self, name: str, **values: Any) -> list[Block]:
        """A part of a report, without a title."""
        return self._parsed(name, CALM, values).blocks

    def _parsed(self, name: str, verdict: str, values: dict[str, Any]) -> Parsed:
        return parse(self._environment.get_template(f"{name}.md.j2").render(values), verdict)


def _gap(what: str, **values: Any) -> Gap:
    return Gap(what.format(**values))


def _finalize(value: Any) -> Any:
    """What `{{ }}` writes: a value so that Markdown takes it for letters. TypeError for what is no text."""
    if isinstance(value, Markup | Undefined):
        return value
    if value is None or isinstance(value, bool):
        raise TypeError(f"a template writes {value!r}, which is no text")
    return Markup(mark(value if isinstance(value, str | Code | Gap | list) else str(value)))
