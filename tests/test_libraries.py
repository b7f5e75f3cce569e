"""docs/libraries.md says what the command finds, of every formula, library and version."""

import re
import runpy
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from gaugeblock import spec
from gaugeblock.conformance import SubjectError

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/libraries.md").read_text(encoding="utf-8")
script = runpy.run_path(str(ROOT / "examples/libraries.py"))
LIBRARIES = {library.name: library for library in script["LIBRARIES"]}


def section(name):
    return PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def shown(text, formula, dtype):
    """The rows on one formula and dtype, without the ratio, which may differ from machine to machine."""
    cells = [line.split(" | ") for line in text.splitlines() if line.startswith(f"| {formula} | {dtype} |")]
    return [row[:2] + row[3:] for row in cells]


def test_every_formula_and_every_library_is_on_the_page():
    table = [line for line in PAGE.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    (judged_by,) = set(re.findall(r"specification (\d+\.\d+) ", PAGE))
    assert [line.split("]")[0] for line in table[1:]] == [f"| [{formula}" for formula in spec.formulas(judged_by)]
    assert table[0] == f"| | {' | '.join(LIBRARIES)} |"
    assert re.findall(r"^## (.+)$", PAGE, re.M) == list(LIBRARIES)
    for name in LIBRARIES:
        rows = [line for line in section(name).splitlines() if re.match(r"\| \w+ \| (b?float)\d+ \|", line)]
        assert rows, name
        assert all("conforms" in row or "**fails** | `" in row for row in rows)


def test_the_versions_of_the_page_are_those_of_the_constraints():
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    for name, library in LIBRARIES.items():
        line = next(line for line in section(name).splitlines() if line)
        found = dict(re.findall(r"([\w-]+) (\d[\w.]*)", line.partition(";")[0]))
        assert found == {package: pins[package] for package in (*library.packages, "numpy")}


@pytest.mark.parametrize(
    ("name", "formula", "dtype"),
    [
        ("PyTorch", "softmax", "bfloat16"),
        ("PyTorch, Adam with fused", "adam", "float32"),
        ("JAX and optax", "relu", "float32"),
        ("SciPy, its default axis", "softmax", "float32"),
        ("SciPy, the axis given", "log_softmax", "float64"),
        ("scikit-learn", "categorical_cross_entropy", "float32"),
        ("onnxruntime", "log_softmax", "float64"),
        ("ONNX's reference evaluator", "adam", "float32"),
        ("Keras on NumPy", "categorical_cross_entropy", "float32"),
    ],
)
def test_what_the_page_says_is_what_the_command_finds(name, formula, dtype, monkeypatch):
    library = LIBRARIES[name]
    for package in library.packages:
        try:
            version(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed; the extra 'libraries' adds it")
    for variable, value in library.environment:
        monkeypatch.setenv(variable, value)
    report = script["report_of"](library, [formula], [dtype])
    found = shown("\n".join(script["rows"](report)), formula, dtype)
    assert found
    assert found == shown(section(name), formula, dtype)


def test_a_library_that_is_not_installed_is_listed_with_the_reason():
    library = LIBRARIES["scikit-learn"]._replace(packages=("no-such-package",))
    with pytest.raises(SubjectError, match="no-such-package is not installed"):
        script["report_of"](library)
    report = {"versions": {}, "results": []}
    text = script["page"]({"scikit-learn": "no-such-package is not installed", "onnxruntime": report})
    assert "scikit-learn: not judged (no-such-package is not installed)." in text
    assert "## scikit-learn" not in text
    assert "## onnxruntime" in text
