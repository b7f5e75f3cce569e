"""How to cite gaugeblock: one set of versions in every file that names them, and a citation in every report."""

import datetime
import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import gaugeblock
from gaugeblock import spec
from gaugeblock.conformance import check
from gaugeblock.conformance.reporting.citation import (
    APA,
    AUTHORS,
    BIBTEX,
    CFF,
    FORMATS,
    MANIFEST,
    PLAIN,
    RELEASED,
    RIS,
    TITLE,
    citation,
)
from gaugeblock.conformance.reporting.report import to_document

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
CODEMETA, ZENODO = (json.loads((ROOT / name).read_text()) for name in ("codemeta.json", ".zenodo.json"))


def test_the_files_for_others_say_what_the_package_says():
    """A version, a date, or an author that is changed in one place only is found here."""
    (author,) = PROJECT["authors"]
    assert CITED["version"] == CODEMETA["version"] == ZENODO["version"] == PROJECT["version"] == gaugeblock.__version__
    assert CITED["date-released"] == CODEMETA["datePublished"] == ZENODO["publication_date"] == RELEASED
    assert CITED["authors"] == ZENODO["creators"] == [author] == [{"name": AUTHORS}]
    assert CODEMETA["author"] == [{"@type": "Organization", **author}]
    assert CITED["title"] == ZENODO["title"] == TITLE
    assert CODEMETA["name"] == PROJECT["name"]
    assert CITED["license"] == ZENODO["license"] == PROJECT["license"]
    assert CODEMETA["license"] == f"https://spdx.org/licenses/{PROJECT['license']}"
    assert CITED["keywords"] == CODEMETA["keywords"] == ZENODO["keywords"] == PROJECT["keywords"]
    assert PROJECT["description"] == CODEMETA["description"]
    assert ZENODO["description"] == f"<p>{PROJECT['description']}</p>"
    assert CODEMETA["softwareRequirements"] == [re.match(r"[\w-]+", each)[0] for each in PROJECT["dependencies"]]
    assert CODEMETA["runtimePlatform"] == f"Python {PROJECT['requires-python']}"


def test_they_name_the_specification_and_the_vectors():
    assert [each["value"] for each in CITED["identifiers"]] == [f"specification {spec.VERSION}", f"sha256:{MANIFEST}"]
    assert ZENODO["notes"] == f"Specification {spec.VERSION}; SHA-256 of the vectors' MANIFEST {MANIFEST}."


def test_the_hash_is_that_of_the_vectors():
    found = hashlib.sha256((ROOT / "vectors/MANIFEST").read_bytes()).hexdigest()
    assert found == MANIFEST, f"the vectors were written anew: put {found} in conformance/reporting/citation.py"


def test_they_have_the_form_that_their_readers_want():
    """CI validates CITATION.cff by its schema; these are the terms that are required, or that a search is made by."""
    assert {"cff-version", "message", "title", "authors"} <= set(CITED)
    assert (CITED["cff-version"], CITED["type"]) == ("1.2.0", "software")
    assert CODEMETA["@context"] == "https://w3id.org/codemeta/3.0"
    assert CODEMETA["@type"] == "SoftwareSourceCode"
    assert (ZENODO["upload_type"], ZENODO["access_right"]) == ("software", "open")
    assert datetime.date.fromisoformat(RELEASED)


def test_cite_prints_three_forms(main):
    done = main("cite")
    assert done.returncode == 0
    assert done.stdout == "\n\n".join(citation(form) for form in (BIBTEX, APA, PLAIN)) + "\n"
    for text in done.stdout.split("\n\n"):
        for part in (AUTHORS, TITLE, gaugeblock.__version__, f"pecification {spec.VERSION}", MANIFEST, RELEASED[:4]):
            assert part in text


@pytest.mark.parametrize("form", FORMATS)
def test_cite_prints_the_form_that_is_asked_for(main, form):
    shown = main("cite", "--format", form).stdout
    assert shown == citation(FORMATS[form]) + "\n"
    for part in (AUTHORS, TITLE, gaugeblock.__version__, f"pecification {spec.VERSION}", MANIFEST, RELEASED[:4]):
        assert part in shown


def test_a_form_that_there_is_not_is_one_line(main):
    done = main("cite", "--format", "bibtx")
    wanted = "gaugeblock: --format: got 'bibtx'; wanted one of bibtex, apa, ris, cff; did you mean 'bibtex'?\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", wanted)


def test_the_file_is_what_the_command_prints():
    assert (ROOT / "CITATION.cff").read_text() == citation(CFF) + "\n"


def test_the_ris_is_one_record():
    lines = citation(RIS).splitlines()
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines)
    tags = [line[:2] for line in lines]
    assert (tags[0], tags[-1], len(set(tags))) == ("TY", "ER", len(tags))
    assert datetime.datetime.strptime(next(line[6:] for line in lines if line[:2] == "DA"), "%Y/%m/%d")


def test_a_report_names_the_version_that_was_judged():
    document = to_document([check("numpy", formulas=["relu"], version="1.0")])
    assert "specification 1.0," in document["citation"]
    assert document["citation"] == citation(specification="1.0")


def test_nothing_is_installed_by_a_name_that_is_on_no_index():
    """A clone, or an address: an index has nothing of that name yet."""
    by_name = re.compile(r"pip install [^`\n&]*(?<![./\w])gaugeblock\b(?!(?:\[\w+\])? @)")
    assert by_name.search("`pip install 'gaugeblock[torch]'` adds it")
    folders = ("docs", "examples", "backends", "reference", "worker", "conformance", "spec", ".ci", "src/gaugeblock")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".py", "")]
    paths = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    found = {path.name: by_name.findall(path.read_text()) for path in [ROOT / "README.md", *paths]}
    assert [name for name, each in found.items() if each] == ["citing.md"]  # which says when it may be done
    assert len(found) > 100


def test_the_bibtex_is_one_entry():
    text = citation(BIBTEX)
    assert re.fullmatch(r"@misc\{[^\s,{}]+,\n(  \w+ = \{.+\},\n)+\}", text)
    assert text.count("{") == text.count("}")
    assert re.findall(r"^  (\w+) =", text, re.M) == ["author", "title", "year", "version", "note"]


@pytest.mark.parametrize(
    "arguments", [["check", "--formula", "relu"], ["check", "numpy", "strict", "--formula", "relu"]]
)
def test_a_report_ends_with_the_citation(main, arguments, tmp_path):
    done = main(*arguments, "--json", "report.json")
    assert done.stdout.splitlines()[-1] == f"cite: {citation()}"
    assert done.stdout.count("cite: ") == 1
    assert json.loads((tmp_path / "report.json").read_text())["citation"] == citation()


def test_what_was_not_judged_has_nothing_to_cite(main):
    done = main("check", "nothing.py")
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_report_names_the_package_that_judged():
    (report,) = to_document([check("numpy", formulas=["relu"])])["reports"]
    assert (report["gaugeblock"], report["spec"]) == (gaugeblock.__version__, spec.VERSION)
