"""Settings files as pydantic models: every error of a file at once, each with its line and what to do.

A file is a `TomlDocument`, the tables in it are `Table`s. Each field has a default, which stands where the setting is
missing or wrong, so that checks between settings see the rest of the file. `needed` marks a setting that must be given.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from testigo_vault.toml.positions import Setting
from testigo_vault.toml.reader import TomlFile
from testigo_vault.toml.types import is_placeholder, show_value

_KEY = "[key]"  # ends the location of a pydantic error about the key of a dict


def needed(hint: str, default: Any = "") -> Any:
    """A field that the file must give. hint: what an error says after "is missing:"."""
    return Field(default, validate_default=False, description=hint)


class Table(BaseModel):
    """A table of a settings file. A field's name in the file is its alias, if it has one."""

    model_config: ClassVar = ConfigDict(strict=True, extra="forbid")

    def needed_settings(self) -> dict[str, str]:
        """{name in the file: hint} of the settings that must be given."""
        return {name: field.description for name, field in _fields(type(self)).items() if field.description}


class TomlDocument(Table):
    """A whole file, which knows its text and where each setting stands."""

    placeholders: ClassVar[bool] = False  # whether placeholders of a template may stand in it until it is used
    _file: TomlFile = PrivateAttr()

    @property
    def path(self) -> Path:
        return self._file.path

    @property
    def text(self) -> str:
        return self._file.text

    @property
    def file(self) -> TomlFile:
        return self._file


Document = TypeVar("Document", bound=TomlDocument)


def validate(model: type[Document], file: TomlFile, context: dict[str, Any] | None = None) -> Document:
    """The settings of a file. What is wrong is noted in `file` and replaced by its default; `file.raise_problems` raises it.

    context: as pydantic's validators get it.
    """
    found, errors = _valid_part(model, file.values, context)
    corrected: set[Setting] = set()  # missing settings of which an unknown name is probably a misspelling
    for error in errors:
        setting = _setting(error)
        if error["type"] == "extra_forbidden":
            known = list(_fields(_table_at(model, setting[:-1])))
            near = difflib.get_close_matches(str(setting[-1]), known, 1)
            corrected.update((*setting[:-1], name) for name in near)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            file.add_problem(setting, f"is not known: {hint}")
        elif not (model.placeholders and _is_to_be_filled_in(error)):
            file.add_problem(setting, _reason(error, setting))
    for setting, reason in _not_given(found, file.values, ()):
        if setting not in corrected:
            file.add_problem(setting, reason)
    found._file = file
    return found


def _valid_part(
    model: type[Document], values: dict[str, Any], context: dict[str, Any] | None
) -> tuple[Document, list[ErrorDetails]]:
    """The model of whatever is valid, and the errors of the rest.

    pydantic makes no model of values with an error: what it refuses is removed until it accepts the others.
    """
    errors: list[ErrorDetails] | None = None
    while True:
        try:
            return model.model_validate(values, context=context), errors or []
        except ValidationError as refused:
            details = refused.errors(include_url=False)
        if errors is None:
            errors = details  # errors of later rounds only follow from what was removed
        for setting in sorted({_setting(error) for error in details}, reverse=True):
            values = _without(values, setting)


def _setting(error: ErrorDetails) -> Setting:
    location = error["loc"]
    about_key = location[-1] == _KEY and len(location) > 1 and error["type"] != "extra_forbidden"
    return location[:-1] if about_key else location


def _without(values: Any, setting: Setting) -> Any:
    """A copy without one setting, or without the value that should have held it."""
    first, *rest = setting
    copy = values.copy()
    if rest and isinstance(copy[first], (dict, list)):
        copy[first] = _without(copy[first], tuple(rest))
    else:
        del copy[first]
    return copy


def _is_to_be_filled_in(error: ErrorDetails) -> bool:
    """A placeholder of a template, in a setting where it may stand until the file is used."""
    cause = error.get("ctx", {}).get("error")
    return is_placeholder(error["input"]) and isinstance(error["loc"][-1], str) and not _no_placeholder(cause)


def _no_placeholder(cause: Any) -> bool:
    return bool(getattr(cause, "no_placeholder", False))


def _reason(error: ErrorDetails, setting: Setting) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])  # a ConversionError
    value = f"is {show_value(error['input'])}"
    if error["type"] == "bool_type":
        return f"{value}: true or false is wanted"
    if error["type"] == "list_type":
        return f"{value}: a list is wanted, in [ ]"
    if error["type"] in ("model_type", "dict_type"):
        form = f", [[{setting[-2]}]]" if isinstance(setting[-1], int) else ""
        return f"{value}: a table is wanted{form}"
    return f"{value}: {error['msg']}"


def _fields(table: type[Table]) -> dict[str, Any]:
    """{name in the file: field}"""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def _table_at(model: type[Table], setting: Setting) -> type[Table]:
    for part in setting:
        if isinstance(part, str):
            model = next(_tables_in(_fields(model)[part].annotation))
    return model


def _tables_in(annotation: Any) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for argument in get_args(annotation):
        yield from _tables_in(argument)


def _not_given(table: Table, values: dict[str, Any], path: Setting) -> Iterator[tuple[Setting, str]]:
    """The needed settings that the file does not give, of this table and of those in it, each with the reason.

    A list of tables must not be empty. Another list may: a policy without purposes could be signed.
    """
    fields = _fields(type(table))
    for name, hint in table.needed_settings().items():
        if name not in values:
            yield (*path, name), f"is missing: {hint}"
        elif values[name] == [] and any(_tables_in(fields[name].annotation)):
            yield (*path, name), f"is empty: {hint}"
    for attribute, field in type(table).model_fields.items():
        name = field.alias or attribute
        inner, given = getattr(table, attribute), values.get(name)
        if isinstance(inner, Table) and isinstance(given, dict):
            yield from _not_given(inner, given, (*path, name))
        elif isinstance(inner, list) and isinstance(given, list):
            tables = [(i, entry) for i, entry in enumerate(given) if isinstance(entry, dict)]
            for (i, entry), part in zip(tables, inner, strict=False):
                if isinstance(part, Table):
                    yield from _not_given(part, entry, (*path, name, i))
