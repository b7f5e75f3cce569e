"""The site's hook: the pages that lie elsewhere in the repository, links among them, anchors, and the navigation.

A page reads the same in the repository, where links go to files, and on the site, where they go to pages: whatever a
page links to is on the site too, source code as a page that shows it. (mkdocs-gen-files adds pages too, but not this.)
"""

import posixpath
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import gaugeblock.conformance.exchange.program
from gaugeblock import conformance, reference, spec

ROOT = Path(__file__).parent.parent

# In the order of the navigation; a page in docs/ that is not named here stands at the end of the guides.
GUIDES = [
    "judge_your_kernel.md",
    "any_function.md",
    "own_tests.md",
    "in_ci.md",
    "any_language.md",
    "vectors.md",
    "adapters.md",
    "commands.md",
    "use_the_formulas.md",
    "signatures.md",
    "training.md",
    "tolerance.md",
    "accelerators.md",
    "sharded.md",
    "dask.md",
    "sweep.md",
    "verified.md",
    "soundness.md",
    "twofold.md",
    "limits.md",
    "versions.md",
    "citing.md",
    "glossary.md",
    "add_a_formula.md",
    "add_a_backend.md",
]
RESULTS = ["libraries.md", "accuracy.md", "provenance.md"]
DOCS = sorted(path.name for path in (ROOT / "docs").glob("*.md"))

# The pages that are files elsewhere, and the folders that pages link to.
SPEC = {f"spec/{name}.md": f"spec/{name}.md" for name in spec.formulas()}
MEASURED = {"kill_matrix.md": "conformance/mutants/MATRIX.md", "benchmarks.md": "benchmarks/README.md"}
PROJECT = {"contributing.md": "CONTRIBUTING.md", "changelog.md": "CHANGELOG.md"}
PAGES = {"index.md": "README.md", **SPEC, **MEASURED, **PROJECT}
FOLDERS = {"spec": "spec/index.md", "benchmarks": "benchmarks.md"}

# What the reference of the API shows, by module.
API = {
    "reference": [*(state.__name__ for state in reference.STATES.values()), *reference.FORMULAS],
    "backends": ["load", "bind"],
    "conformance": [*conformance.__all__, "exchange.program.Program"],
    "spec": ["formulas", "dtypes", "page", "requirements", "requirement", "admitted_forms", "Requirement"],
}
FOLDERS = {module: f"api/{module}.md" for module in API} | FOLDERS

# Code, which is left alone, or the target of a link to a file.
LINK = re.compile(r"^```.*?^```|`[^`\n]+`|(?<=\]\()(?!\w+:)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]+)?(?=\))", re.M | re.S)
HERE = "](#"  # how a link within a page ends, which leads to that page from others too
INCLUDED = re.compile(r"^<!-- include: (?P<path>\S+), (?P<heading>.+) -->$", re.M)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation."""
    last = [name for name in DOCS if name not in GUIDES + RESULTS]
    config.nav = [
        {"Home": "index.md"},
        {"Guides": [*(name for name in GUIDES if name in DOCS), *last]},
        {"Specification": ["spec/index.md", *SPEC]},
        {"API": [f"api/{module}.md" for module in API]},
        {"Results": [*(name for name in RESULTS if name in DOCS), *MEASURED]},
        {"Project": [*PROJECT]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere, those that are made here, and what they link to."""
    for uri, path in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    files.append(File.generated(config, "spec/index.md", content=list_of_requirements()))
    for module, names in API.items():
        shown = [f"::: gaugeblock.{module}\n    options: {{ members: false, heading_level: 1 }}"]
        shown += [f"::: {full_name(module, name)}" for name in names]
        files.append(File.generated(config, f"api/{module}.md", content="\n\n".join(shown)))
    for path in {path for page in files.documentation_pages() for path, _ in links(page)}:
        uri = site_uri(path)
        if uri in files.src_uris:
            continue
        if uri.endswith(".md"):
            files.append(File.generated(config, uri, content=source_page(path)))
        else:
            files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is included, and turn links to files into links to pages."""
    file = page.file
    markdown = INCLUDED.sub(lambda found: section(found["path"], found["heading"]), markdown)
    if file.src_uri == "kill_matrix.md":
        page.meta |= {"search": {"exclude": True}, "hide": ["navigation", "toc"]}  # a table as large as all else

    def replaced(found: re.Match[str]) -> str:
        if not found["path"]:
            return found[0]
        target = site_uri(repository_path(file, found["path"]))
        return posixpath.relpath(target, posixpath.dirname(file.src_uri) or ".") + (found["anchor"] or "")

    return LINK.sub(replaced, markdown)


def full_name(module: str, name: str) -> str:
    """Where an object is defined: a formula has the name of its module, which would be found first."""
    found = attrgetter(f"{module}.{name}")(gaugeblock)
    return f"{found.__module__}.{found.__qualname__}"


def links(file: File) -> Iterator[tuple[str, str]]:
    """The paths in the repository that a page links to, with the anchors."""
    for found in LINK.finditer(file.content_string):
        if found["path"]:
            yield repository_path(file, found["path"]), found["anchor"] or ""


def repository_path(file: File, target: str) -> str:
    """Where in the repository a link of a page leads."""
    own = PAGES.get(file.src_uri, f"docs/{file.src_uri}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(own), target))


def site_uri(path: str) -> str:
    """Where on the site a file or folder of the repository is."""
    there = {path: uri for uri, path in PAGES.items()} | FOLDERS
    if path in there:
        return there[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return path if path.endswith(".svg") else f"source/{path.lstrip('.')}.md"  # a name with a dot in front is left out


def source_page(path: str) -> str:
    """A page that shows a file, or what is in a folder."""
    there, language = ROOT / path, Path(path).suffix.removeprefix(".")
    files = (each for each in there.rglob("*") if each.is_file() and each.suffix != ".pyc")
    names = sorted(str(each.relative_to(there)) for each in files)
    text = "\n".join(names) + "\n" if there.is_dir() else there.read_text()
    return f"---\nsearch: {{ exclude: true }}\n---\n# {path}\n\n```{language}\n{text}```\n"


def section(path: str, heading: str) -> str:
    """What stands under a heading of a file, without the heading."""
    text = (ROOT / path).read_text().split(f"\n## {heading}\n")[1]
    return text.split("\n## ")[0].strip().replace(HERE, f"](../{path}#")


def list_of_requirements() -> str:
    """All formulas and their requirements."""
    lines = [f"# Specification {spec.VERSION}\n"]
    lines += ["Each requirement has an address of its own, to be [cited](../citing.md) by, and says since when.\n"]
    for name in spec.formulas():
        lines.append(f"\n## [{name}]({name}.md)\n")
        for label, requirement in spec.requirements(name).items():
            text = requirement.text.replace(HERE, f"]({name}.md#")
            lines.append(f"- [**{label}**]({name}.md#{label}) ({requirement.history}): {text}")
    return "\n".join(lines) + "\n"
