"""What the documents show is what happens."""

import re
import shlex
from pathlib import Path

import pytest

from gaugeblock import spec

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.splitlines()[0])
def test_a_python_block_of_the_readme_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})


def test_ci_runs_the_test_command_of_the_readme():
    commands = [line for block in blocks("console") for line in block.splitlines()]
    ci = (ROOT / ".ci/run").read_text().splitlines()
    assert commands[0] == "pip install . && gaugeblock check"
    assert commands[-1] in ci
    assert shlex.split(commands[-1])[:2] == ["pip", "install"]


def test_every_file_that_a_document_links_to_is_there():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_changelog_names_the_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    assert project
    assert f"## {project[1]} (specification {spec.VERSION})" in text
    assert f'__version__ = "{project[1]}"' in (ROOT / "src/gaugeblock/__init__.py").read_text()
