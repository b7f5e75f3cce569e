"""What a project says of its own kernels under ``[tool.gaugeblock]``, in a ``pyproject.toml``."""

import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import typer

from ... import spec
from ...names import wanted
from ...worker.loading import split
from ...worker.text import plain
from ..reporting.report import Report

FILE, TABLE = "pyproject.toml", "[tool.gaugeblock]"


class Config(NamedTuple):
    """What is judged where nothing else is asked for, and what is known to fail."""

    subject: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    known_failures: dict[str, str] = {}  # noqa: RUF012  by label, with the reason why that is accepted


def config() -> Config:
    """What the project of this folder says; TyperException, in one line, for what makes no sense.

    It is the nearest ``pyproject.toml`` with the table, in this folder or in one above it.
    """
    for folder in (here := Path.cwd(), *here.parents):
        path = Path(os.path.relpath(folder / FILE))
        try:
            said = table_of(path)
            if said is not None:
                return from_here(checked(said), path.parent)
        except ValueError as error:
            raise typer.TyperException(f"{path}: {error}") from None
    return Config()


def table_of(path: Path) -> Any:
    """What a file has under the table; None if there is no file, or no table in it."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None  # which other tools complain of
    try:
        tool = tomllib.loads(text).get("tool", {})
    except ValueError as error:
        if "[tool.gaugeblock" not in text:
            return None
        raise ValueError(f"it is no TOML: {plain(str(error))}; mend it, since it has {TABLE}") from None
    return tool.get("gaugeblock") if isinstance(tool, dict) else None


def checked(said: Any) -> Config:
    """The table's values; ValueError for what makes no sense."""
    if not isinstance(said, dict):
        raise wrong("", said, "a table")
    given = {key.replace("-", "_"): value for key, value in said.items()}
    for key in given:
        if key not in Config._fields:
            keys = [name.replace("_", "-") for name in Config._fields]
            raise ValueError(f"{TABLE}: key: got {plain(key, 60)!r}{wanted(key, keys)}")
    known = given.pop("known_failures", {})
    if not isinstance(known, dict) or not all(isinstance(reason, str) and reason for reason in known.values()):
        raise wrong("known-failures", known, 'a reason for each requirement, such as "relu.nan" = "NaN is lost"')
    for label in known:
        refuse_label(label)
    return Config(**{key: names(key, value) for key, value in given.items()}, known_failures=known)


def from_here(said: Config, folder: Path) -> Config:
    """The same with its files, which are named from a folder, named from this one."""
    subjects = (os.path.join(folder, each) if is_file(each) else each for each in said.subject)
    return said._replace(subject=tuple(os.path.normpath(each) if is_file(each) else each for each in subjects))


def is_file(subject: str) -> bool:
    """Whether a subject is a file of Python, or an object in one."""
    return split(subject)[0].endswith(".py")


def same(subject: str) -> str:
    """What two names of one subject have in common: of a file its whole path."""
    return os.path.abspath(subject) if is_file(subject) else subject


def names(key: str, value: Any) -> tuple[str, ...]:
    """The names under a key, or the single one."""
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list) or not all(isinstance(each, str) for each in several):
        raise wrong(key, value, "a string or a list of strings")
    return tuple(several)


def refuse_label(label: str) -> None:
    """Raise ValueError for a requirement that a page of gaugeblock's own does not have."""
    if label.partition(".")[0] in spec.formulas() or "." not in label:
        try:
            spec.requirement(label)
        except ValueError as error:
            raise ValueError(f"{TABLE}: known-failures: {error}") from None


def wrong(key: str, value: Any, wanted: str) -> ValueError:
    """The error of a value."""
    where = f"{TABLE}: {key}: " if key else f"{TABLE}: "
    return ValueError(f"{where}got {plain(repr(value), 60)}; wanted {wanted}")


def accepted(report: Report, require_complete: bool) -> bool:
    """Whether nothing fails but what is known to, and all of that which was judged still does."""
    failed = {result.requirement for result in report.results if result.status == "fail"}
    judged = {result.requirement for result in report.results if result.status != "not offered"}
    return failed == report.known.keys() & judged and not (require_complete and report.partial)
