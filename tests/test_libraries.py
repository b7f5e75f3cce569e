"""docs/libraries.md is made of the kept records, and these say what the command finds, of every library and version."""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

import environments
import libraries
import libraries_page
import numpy as np
import pytest

from gaugeblock import spec
from gaugeblock.conformance import SubjectError, check

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/libraries.md").read_text(encoding="utf-8")
RECORDS = libraries.stored()
CHOSEN = "judged by the chosen cases alone"
LIBRARIES = {library.name: library for library in libraries.LIBRARIES}


def kept(name, formula=None, dtype=None):
    """The records of a library, or the one of a formula in a dtype."""
    own = [each for each in RECORDS if each["library"] == name]
    if formula is None:
        return own
    (found,) = (each for each in own if (each.get("formula"), each.get("dtype")) == (formula, dtype))
    return found


def test_the_page_is_what_the_records_make():
    assert libraries_page.page(libraries.LIBRARIES, RECORDS) == PAGE


def test_every_formula_and_every_library_is_on_the_page():
    assert set(re.findall(r"^\| \[(\w+)\]", PAGE, re.M)) == {each["formula"] for each in RECORDS if "formula" in each}
    assert list(dict.fromkeys(each["library"] for each in RECORDS)) == list(LIBRARIES)
    for name in LIBRARIES:
        whole, *own = kept(name)
        assert (f"\n## {name}\n" in PAGE) != ("reason" in whole)
        assert own or "reason" in whole
        assert all(bool(each["fails"]) == bool(each["likely"]) for each in own)


def test_the_versions_are_those_that_are_pinned():
    constraints = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in constraints if "==" in line)
    for name, library in LIBRARIES.items():
        whole = kept(name)[0]
        if "reason" in whole:
            continue
        wanted = library.pins or {package: pins[package] for package in library.packages}
        numpy = {} if library.subject.endswith(".js") else {"numpy": pins["numpy"]}
        found = {name: number.partition("+")[0] for name, number in whole["versions"].items()}
        found = {name: number for name, number in found.items() if name not in library.tools}
        assert found == {**wanted, **numpy}
        assert set(library.tools) <= set(whole["versions"])


def test_a_pin_is_read_as_pip_and_npm_write_it():
    given = ("tensorflow-cpu==2.21.0", "@tensorflow/tfjs@4.22.0", "onnxruntime-web@1.30.0", "torch")
    library = LIBRARIES["PyTorch"]._replace(packages=given)
    wanted = {"tensorflow-cpu": "2.21.0", "@tensorflow/tfjs": "4.22.0", "onnxruntime-web": "1.30.0"}
    assert library.pins == wanted


@pytest.mark.one_in(2)
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
def test_what_is_kept_is_what_the_command_finds(name, formula, dtype, monkeypatch):
    library = LIBRARIES[name]
    for package in library.packages:
        try:
            version(package)
        except PackageNotFoundError:
            pytest.skip(f"{package} is not installed; the extra 'libraries' adds it")
    for variable, value in library.environment:
        monkeypatch.setenv(variable, value)
    _, found = libraries_page.records_of(name, libraries.report_of(library, [formula], [dtype]))
    known = kept(name, formula, dtype)
    assert bool(found["fails"]) == bool(known["fails"])
    if CHOSEN in kept(name)[0]["noticed"]:
        assert [*found["fails"]] == [*known["fails"]]
        assert found["likely"] == known["likely"]
    else:
        assert set(found["fails"]) <= set(known["fails"])  # the made cases, which are not judged here, find more


@pytest.mark.parametrize(
    ("name", "formula", "dtype", "label", "kind"),
    [
        ("TensorFlow", "softmax", "float32", "softmax.nan", "special"),
        ("Paddle", "softmax", "float64", "softmax.spread", "value"),
        ("Paddle", "log_softmax", "float64", "log_softmax.spread", "value"),
        ("MLX", "softmax", "float64", "softmax.value", "value"),
        ("MLX", "softmax", "float16", "softmax.exact", "value"),
        ("MLX", "log_softmax", "float32", "log_softmax.exact", "kind"),
        ("OpenVINO", "softmax", "float64", "softmax.value", "value"),
        ("Numba by hand", "adam", "float64", "adam.late_steps", "value"),
        ("TensorFlow.js", "adam", "float32", "adam.hyper_parameters", "value"),
    ],
)
def test_known_mistakes_of_libraries_are_found(name, formula, dtype, label, kind):
    found = kept(name, formula, dtype)
    assert label in found["fails"]
    assert found[kind]
    assert ("it was killed by a signal" in found["fails"][label]) == (kind == "kind")


@pytest.mark.whole
def test_failing_cases_are_counted_by_what_is_wrong():
    def softmax(x, *, axis=-1):
        if x.shape == (5_000, 1):
            raise ArithmeticError("of this shape")
        x = np.where(np.isnan(x), 0, x)
        with np.errstate(all="ignore"):
            e = np.exp(x - np.max(x, axis=axis, keepdims=True))
            return np.asarray(e / np.sum(e, axis=axis, keepdims=True) * (1.001 if x.shape[-1] == 521 else 1), x.dtype)

    report = check(SimpleNamespace(softmax=softmax), ["softmax"], ["float32"]).to_dict()
    _, found = libraries_page.records_of("ours", report)
    failing = {result["requirement"]: result["failing"] for result in report["results"] if result["failing"]}
    assert found["special"] == sum(failing[f"softmax.{label}"] for label in ("nan", "axis", "batch"))
    assert found["value"] == failing["softmax.infinity"]
    assert found["kind"] == failing["softmax.value"]
    assert 1000 < float(found["ratio"]) < 1e5


def test_a_library_that_is_not_installed_has_the_reason_on_the_page():
    library = LIBRARIES["scikit-learn"]._replace(packages=("no-such-package",))
    with pytest.raises(SubjectError, match="no-such-package is not installed"):
        libraries.report_of(library)
    whole = {"spec": spec.VERSION, "versions": {}, "declared": [], "not_offered": "", "noticed": []}
    records = [{"library": "scikit-learn", "reason": "it is not there"}, {"library": "onnxruntime", **whole}]
    text = libraries_page.page(libraries.LIBRARIES, records)
    assert "scikit-learn: not judged (it is not there)." in text
    assert "## scikit-learn" not in text
    assert "## onnxruntime" in text


def test_an_environment_that_cannot_be_made_is_one_line_and_leaves_nothing(tmp_path):
    folder = tmp_path / "made"
    complain = [
        sys.executable,
        "-c",
        "import sys; print('ERROR: no\\nERROR: no network', file=sys.stderr); sys.exit(1)",
    ]
    with pytest.raises(SubjectError, match=r"^its environment cannot be made: ERROR: no network; a network is needed"):
        environments.make(folder, complain)
    assert not folder.exists()
    environments.make(folder, [sys.executable, "-c", "pass"])
    environments.make(folder, ["no-such-command"])  # it is there, and nothing is run


def test_a_library_that_cannot_be_judged_keeps_its_records(tmp_path, monkeypatch, capsys):
    results, page = tmp_path / "libraries.jsonl", tmp_path / "libraries.md"
    results.write_text("".join(json.dumps(each) + "\n" for each in RECORDS))
    monkeypatch.setattr(libraries, "RESULTS", results)
    monkeypatch.setattr(libraries, "PAGE", page)

    def fails(library, *options):
        raise SubjectError("there is no network")

    monkeypatch.setattr(libraries, "judged", fails)
    judged, *_ = (each["library"] for each in RECORDS if "reason" not in each)
    assert libraries.main([judged]) == 2
    assert f"{judged}: not judged: there is no network" in capsys.readouterr().err
    assert libraries.stored() == RECORDS
    records = kept(judged)
    monkeypatch.setattr(libraries, "judged", lambda library, *options: records[:2])
    assert libraries.main([judged]) == 0
    assert [each for each in libraries.stored() if each["library"] == judged] == records[:2]
    assert len(libraries.stored()) == len(RECORDS) - len(records) + 2
    assert page.read_text().startswith("# What libraries do")
    assert libraries.main(["TensorFlour"]) == 2
    assert "library: got 'TensorFlour'; wanted one of PyTorch" in capsys.readouterr().err
