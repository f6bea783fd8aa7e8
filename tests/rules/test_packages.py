"""How the tree is divided: packages of a size that one list shows, and tests in the folders of what they test."""

import ast
import tomllib
from collections import Counter
from pathlib import Path

from support.micropython_runner import ROOT
from support.tree import below, check, files, name, syntax, text

MOST_MODULES = 21
# One file for each verb of the command line; the list of verbs is its table of contents.
LONGER = {"tools/testigo_tools/commands"}
SOURCES = ("firmware/testigo_wire", "firmware/recorder", "host/testigo_vault", "tools/testigo_tools", "tests/support")
# Folder of tests -> the package whose packages its folders are named after.
MIRRORS = {
    "tests/wire": "firmware/testigo_wire",
    "tests/recorder": "firmware/recorder",
    "tests/vault": "host/testigo_vault",
    "tests/tools": "tools/testigo_tools",
}


def test_no_folder_has_too_many_modules():
    counts = Counter(name(path.parent) for path in files(".py") if path.name != "__init__.py")
    crowded = [
        f"{folder}: {count} modules"
        for folder, count in counts.items()
        if count > MOST_MODULES and folder not in LONGER
    ]
    check(crowded, f"a folder has at most {MOST_MODULES} modules; divide it by subject")


def test_each_package_says_what_it_is_for():
    problems = []
    for source in SOURCES:
        folders = {path.parent for path in below(source, ".py")}
        for folder in sorted(
            folder for folder in folders if "migrations" not in folder.parts
        ):  # scripts that Alembic loads
            init = folder / "__init__.py"
            if not init.exists():
                problems.append(f"{name(folder)}: no __init__.py")
            elif not ast.get_docstring(syntax(init)):
                problems.append(f"{name(init)}: no docstring")
    check(problems, "every package has an __init__.py with a docstring")


def test_an_installation_has_each_board_and_each_package_of_the_recorder():
    """pyproject.toml lists them one by one; what is missing there works in a checkout only."""
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    installed = {pattern for patterns in project["tool"]["setuptools"]["data-files"].values() for pattern in patterns}
    folders = {path.parent for path in below("firmware/recorder", ".py")}
    needed = {f"{name(folder)}/*.py" for folder in folders} | {
        f"{name(path.parent)}/*" for path in below("boards", ".toml")
    }
    check(sorted(needed - installed), "[tool.setuptools.data-files] of pyproject.toml lists what a device needs")


def test_an_installation_has_each_text_and_template_of_the_vault():
    """A file that no pattern of package-data names is in a checkout, and missing in a wheel."""
    patterns = tomllib.loads(text(ROOT / "pyproject.toml"))["tool"]["setuptools"]["package-data"]["testigo_vault"]
    package = ROOT / "host" / "testigo_vault"
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    used = [path for path in below("host/testigo_vault") if path.suffix not in (".py", ".cfg")]
    check(
        [name(path) for path in used if path not in installed], "a pattern of package-data in pyproject.toml names it"
    )


def test_each_test_names_the_module_or_package_that_it_tests():
    """As test_<module>.py, or test_<module>_<aspect>.py, or with the package's own name, in the folder of its package."""
    problems = []
    for tests, source in MIRRORS.items():
        for path in below(tests, ".py"):
            package = ROOT / source / path.parent.relative_to(ROOT / tests)
            if not (package / "__init__.py").exists():
                problems.append(f"{name(path)}: there is no package {name(package)}")
            elif path.name.startswith("test_") and not _tested_module(path, package):
                problems.append(f"{name(path)}: {name(package)} has no module of that name")
    check(problems, "tests/<tree>/<package>/test_<module>.py tests that module")


def _tested_module(path: Path, package: Path) -> bool:
    modules = {found.stem.rstrip("_") for found in package.iterdir() if found.suffix == ".py" or found.is_dir()}
    subject = path.stem.removeprefix("test_")
    return any(subject == module or subject.startswith(f"{module}_") for module in modules | {package.name})
