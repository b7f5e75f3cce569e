"""The page about provenance lists what there is, its commands exist, and the bill of materials is that of the wheel."""

import json
import re
import shlex
import tomllib
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_docs import parse

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/provenance.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SBOM = json.loads((ROOT / "sbom.cdx.json").read_text())
PINNED = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
}
WORK = re.compile(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\d+/[\w.()/-]*\w|https://[^\s,|]+[\w/]")


def section(heading):
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(text):
    """The cells of each line of a table, without its head."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return cells[2:]


def test_every_work_that_is_cited_is_listed():
    folders = ("spec/*.md", "reference/**/*.py", "backends/*.py", "conformance/**/*.py", "examples/*.py")
    paths = [path for folder in folders for path in ROOT.glob(folder) if "mutants" not in path.parts]
    texts = [path.read_text() for path in paths]
    cited = {work for text in texts for work in WORK.findall(text)}
    assert cited == set(WORK.findall(section("Works that are cited")))
    assert len(cited) > 20


@pytest.mark.parametrize("text", re.findall(r"\| `([^`]+)` \|", section("What is published, and how to make it again")))
def test_a_command_that_makes_a_result_exists(text):
    words = shlex.split(text.partition(" > ")[0])
    if words[:2] == ["python", "-m"]:
        assert find_spec(f"{words[2]}.__main__") or find_spec(words[2])
    elif words[0] in ("python", "pytest"):
        assert (ROOT / words[1]).is_file()
    elif words[0] == "gaugeblock":
        parse(text)
    else:
        assert (ROOT / words[0]).stat().st_mode & 0o111


def test_every_published_page_says_the_versions_of_the_constraints():
    listed = rows(section("What is published, and how to make it again").partition("The versions are")[2])
    versions = {canonicalize_name(re.split(r",| and ", name)[0]): version for name, version, _ in listed}
    for of_debian in ("gappa", "coq", "flocq"):
        assert re.fullmatch(r"\d+\.\d+\.\d+", versions.pop(of_debian))
    assert versions == {name: PINNED[name] for name in versions}
    pages = (ROOT / "docs/libraries.md").read_text() + (ROOT / "benchmarks/README.md").read_text() + PAGE
    said = {(name, version) for name in versions for version in re.findall(rf"\b{name} (\d[\w.]*\d)", pages)}
    assert {("torch", PINNED["torch"]), ("numpy", PINNED["numpy"]), ("onnx", PINNED["onnx"])} <= said
    assert said <= PINNED.items()


def test_the_bill_of_materials_is_valid():
    text = (ROOT / "sbom.cdx.json").read_text()
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"type": "library"', '"type": "book"')) is not None


def brought_by(name):
    """The names of the distributions that one brings, extras left out, on this machine."""
    found, left = set(), [Requirement(name)]
    while left:
        requirement = left.pop()
        if (own := canonicalize_name(requirement.name)) not in found:
            found.add(own)
            brought = map(Requirement, distribution(own).requires or [])
            left += [each for each in brought if each.marker is None or each.marker.evaluate({"extra": ""})]
    return found


def test_the_bill_of_materials_is_what_an_installation_brings():
    """`.ci/sbom` writes it anew, after a change of the version, the dependencies or the constraints."""
    project = SBOM["metadata"]["component"]
    assert (project["name"], project["version"]) == (PROJECT["name"], PROJECT["version"])
    components = {canonicalize_name(part["name"]): part["version"] for part in SBOM["components"]}
    assert components == {name: PINNED[name] for name in components}
    direct = {canonicalize_name(Requirement(each).name) for each in PROJECT["dependencies"]}
    assert set(components) == set().union(*map(brought_by, direct))
    (own,) = (part["dependsOn"] for part in SBOM["dependencies"] if part["ref"] == project["bom-ref"])
    assert {canonicalize_name(ref.partition("==")[0]) for ref in own} == direct
    assert all(part["licenses"] for part in SBOM["components"])
