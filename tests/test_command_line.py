"""The command line, from outside: what it prints, what it writes, and its exit status."""

import json
import os
import re
import subprocess
import sys
import types
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import typer

import gaugeblock
from gaugeblock import spec
from gaugeblock.conformance.cli.config import config, same
from gaugeblock.conformance.cli.verdicts import Asked, check_name
from gaugeblock.conformance.judging.check import Manner
from gaugeblock.worker.loading import SubjectError, load

EXAMPLES = Path(__file__).parent.parent / "examples"


OTHERS = """from gaugeblock import formula

@formula("(..., n) -> (..., n)"{more})
def {name}(x):
    {body}
"""


def run(*arguments, cwd=None, **variables):
    command = [sys.executable, "-m", "gaugeblock", *map(str, arguments)]
    environment = {
        **os.environ,
        "NO_COLOR": "1",
        "FORCE_COLOR": "",
        "COLUMNS": "120",
        "GITHUB_ACTIONS": "",
        **variables,
    }
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, check=False)


def test_check_judges_numpy():
    done = run("check", "--formula", "softmax")
    assert done.returncode == 0
    assert "numpy conforms" in done.stdout
    assert "error / bound" in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_the_notebook_is_rejected_for_adam_by_name(main, tmp_path):
    done = main("check", EXAMPLES / "notebook.py", "--json", tmp_path / "report.json")
    assert done.returncode == 1
    assert "FAIL adam.bias_correction in float32 and float64" in done.stdout
    results = json.loads((tmp_path / "report.json").read_text())["reports"][0]["results"]
    assert {r["formula"] for r in results if r["status"] == "fail"} == {"adam"}
    assert {r["requirement"] for r in results if r["status"] == "fail"} >= {"adam.bias_correction", "adam.update"}


def test_scipy_fails_by_its_default_axis_and_beside_infinity(main, tmp_path):
    done = main("check", EXAMPLES / "libraries/scipy_special.py", "--json", tmp_path / "report.json")
    assert done.returncode == 1
    results = json.loads((tmp_path / "report.json").read_text())["reports"][0]["results"]
    failed = {r["requirement"]: r["worst"]["case"] for r in results if r["status"] == "fail"}
    assert (failed["softmax.axis"], failed["log_softmax.axis"]) == ("softmax.axis/default", "log_softmax.axis/default")
    assert failed["log_softmax.infinity"] == "log_softmax.infinity/no_answer"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "torhc"], "subject: got 'torhc'; wanted a backend ("),
        (["check", "missing.py"], "missing.py: there is no such file"),
        (["check", "syntax.py"], "syntax.py: does not import: SyntaxError"),
        (["check", "imports.py"], "imports.py: does not import: ModuleNotFoundError: No module named 'nowhere'"),
        (["check", "exits.py"], "exits.py: does not import: SystemExit: 3"),
        (["check", "empty.py"], "empty.py: it has none of the formulas"),
        (
            ["check", "near.py"],
            "it has none of the formulas; soft_max: did you mean softmax? (`gaugeblock spec` shows all)",
        ),
        (["check", "near.py", "--formula", "relu"], "formulas; wanted a function named relu; soft_max: did"),
        (["check", "empty.py"], "formulas; wanted a function with the name of one (`gaugeblock spec` shows all)"),
        (["check", "attention.py"], "attention: did you mean scaled_dot_product_attention? ("),
        (["check", "near"], "package.module:object; did you mean 'near.py'?"),
        (["check", "near:soft_mox"], "near:soft_mox: near has no 'soft_mox'; did you mean 'soft_max'?"),
        (["check", "jax.nn:relu"], "jax.nn:relu: it is a function; wanted the file.py or package.module:object"),
        (["check", "near:soft_max"], "near:soft_max: it is a function; wanted the file.py or package.module:object"),
        (
            ["check", "classes.py:Mine"],
            "classes.py:Mine: got a class, whose functions take self; wanted an instance of",
        ),
        (
            ["check", "fixed.py", "--formula", "exits_too.py"],
            "shapes (3, 5): it raised SystemExit: 0; wanted what takes",
        ),
        (
            ["check", "fixed.py", "--formula", "no_cases.py"],
            "cases: it raised SystemExit: 0; wanted cases(dtype, seed)",
        ),
        (["check", "numpy", "--formula", "exits_too.py", "--formula", "no_cases.py:other"], "named double or other"),
        (
            ["check", "near.py", "--formula", "gelu"],
            "near.py: it has none of the formulas; wanted a function named gelu",
        ),
        (
            ["check", "--exec", "cat", "--formula", "exits_too.py"],
            "--formula: got 'exits_too.py'; wanted one of gaugeblock",
        ),
        (["check", "--exec", "./empty.py"], "cannot be started: Permission denied; wanted what can be run: make it"),
        (["check", "--exec", "no_such"], "No such file or directory; wanted a program of the PATH, or a path such as"),
        (
            ["check", "--exec", "cat near.py", "--json", "near.py"],
            "--json: near.py: it is near.py, which this command reads",
        ),
        (
            ["check", "fixed.py", "--formula", "no_cases.py:other", "--html", "no_cases.py"],
            "it is no_cases.py:other, which",
        ),
        (
            ["compare", "list.json", "none.json", "--json", "list.json"],
            "--json: list.json: it is list.json, which this",
        ),
        (
            ["judge", ".", "list.json", "--json", "none.json"],
            "--json: none.json: it is none.json, which this command reads",
        ),
        (
            ["sweep", "fixed.py", "--formula", "relu", "--json", "fixed.py"],
            "--json: fixed.py: it is fixed.py, which this",
        ),
        (["sweep", "fixed.py", "--formula", "exp"], "fixed.py: it has no exp; wanted a subject that does"),
        (
            ["check", "fixed.py", "--junit", "-"],
            "--junit: got -; wanted a file: only --json of check and of compare takes -",
        ),
        (["check", "--spec", "2.0"], "spec: got '2.0'; wanted one of 1.0, 1.1, 1.2"),
        (["check", "never.py", "--dtype", "float16", "--formula", "softmax"], "never.py: no case was judged"),
        (["check", "no.such:thing"], "no.such:thing: does not import: ModuleNotFoundError"),
        (["check", "gaugeblock.backends:nothing"], "gaugeblock.backends:nothing: gaugeblock.backends has no 'nothing'"),
        (
            ["check", "--formula", "sofmax"],
            "formula: got 'sofmax'; did you mean 'softmax'? (`gaugeblock spec` shows all",
        ),
        (["check", "--spec", "0.9"], "spec: got '0.9'; wanted one of 1.0, 1.1, 1.2"),
        (["check", "numpy", "strict", "--spec", "latest"], "spec: got 'latest'; wanted one of 1.0, 1.1, 1.2"),
        (["check", "--spec", "1.1", "--dtype", "float16"], "dtype of specification 1.1: got 'float16'; wanted one of"),
        (["check", "--dtype", "float8"], "dtype: got 'float8'; wanted one of float16, bfloat16, float32, float64"),
        (["check", "--device", "cuda"], "numpy: device: got 'cuda'; wanted 'cpu'"),
        (["check", "--seed", "one"], "--seed: got 'one'; wanted a number from 0 to 999999999999999999, or random"),
        (["check", "--seed", "9" * 20], f"--seed: got '{'9' * 20}'; wanted a number from 0 to 999999999999999999, or"),
        (["check", "--timeout", "inf"], "timeout: got inf; wanted a positive, finite number of seconds"),
        (["check", "--repeat", "1"], "repeat: got 1; wanted a number of calls from 2 to 10000000"),
        (["check", "--timeout", "0"], "timeout: got 0; wanted a positive, finite number of seconds"),
        (
            ["check", "never.py", "--json", "never.py"],
            "--json: never.py: it is never.py, which this command reads; name another file",
        ),
        (
            ["check", "never.py:f", "--html", "./never.py"],
            "--html: never.py: it is never.py:f, which this command reads; name another",
        ),
        (["check", "--json", "nowhere/report.json"], "--json: nowhere/report.json: cannot be written: No such file"),
        (["check", "--json", "."], "--json: .: cannot be written: it is a folder"),
        (["check", "--html", "nowhere/report.html"], "--html: nowhere/report.html: cannot be written: No such file"),
        (["check", "--json", "x", "--badge", "./x"], "--json, --badge: got one file for two of them; name a file"),
        (["check", "--jsn", "x"], "--json, --junit) (see `gaugeblock check --help`)"),
        (["sweep", "numpy"], "Missing option '--formula' (see `gaugeblock sweep --help`)"),
        (["compare", "old.json", "new.json"], "old.json: cannot be read: No such file"),
        (["compare", "empty.py", "new.json"], "empty.py: is no report; wanted a file that `gaugeblock check --json`"),
        (["compare", "list.json", "new.json"], "list.json: is no report; wanted a file that"),
        (["compare", "old_form.json", "new.json"], "old_form.json: holds reports of version 1; wanted version 2 or 3"),
        (
            ["compare", "none.json", "new.json"],
            "none.json: holds no report; wanted version 2 or 3 or 4 or 5: judge again",
        ),
        (["chek"], "No such command 'chek'"),
        (
            ["spec", "softmax.nam"],
            "requirement: got 'softmax.nam'; did you mean 'softmax.nan'? (`gaugeblock spec softmax` shows all",
        ),
        (["spec", "sofmax"], "formula: got 'sofmax'; did you mean 'softmax'? (`gaugeblock spec` shows all"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_status_2(arguments, words, main, tmp_path):
    files = {
        "list.json": "[]",
        "none.json": '{"reports": []}',
        "old_form.json": '{"reports": [{"schema": 1}]}',
        "syntax.py": "def softmax(x:",
        "imports.py": "import nowhere",
        "exits.py": "import sys; sys.exit(3)",
        "empty.py": "",
        "near.py": "def soft_max(x): return x",
        "attention.py": "def attention(q, k, v): return v",
        "fixed.py": "def relu(x):\n    return x\n\ndef double(x):\n    return x * 2\n\nother = double",
        "classes.py": "class Mine:\n    def relu(self, x):\n        return x",
        "exits_too.py": OTHERS.format(name="double", body="raise SystemExit(0)", more=""),
        "no_cases.py": "def cases(dtype, seed):\n    raise SystemExit(0)\n"
        + OTHERS.format(name="other", body="return x * 2", more=", cases=cases"),
        "never.py": "def softmax(x, axis=-1):\n    raise NotImplementedError('never')",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = main(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("gaugeblock: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == sorted(files) or sorted(os.listdir(tmp_path)) == sorted(
        [*files, "__pycache__"]
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
@pytest.mark.parametrize(
    ("redirected", "status", "said"),
    [
        ("check nosuch 2>/dev/full", 2, ""),
        ("check nosuch 2>&-", 2, ""),
        ("cite >/dev/full", 2, "gaugeblock: standard output: No space left on device\n"),
        ("spec softmax | true", 2, ""),
        ("spec softmax >&-", 0, ""),
    ],
)
def test_a_stream_that_takes_no_more_is_no_verdict_and_no_traceback(redirected, status, said, tmp_path):
    command = f"set -o pipefail; {sys.executable} -m gaugeblock {redirected}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", said)


def test_names_of_characters_that_the_terminal_has_not_are_written_in_others(tmp_path):
    (tmp_path / "größe.py").write_text("")
    done = run("check", "größe.py", cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.stderr.startswith(r"gaugeblock: gr\xf6\xdfe.py: it has none of the formulas")


@pytest.mark.whole
def test_what_a_formula_prints_is_not_in_the_report(main, tmp_path):
    (tmp_path / "loud.py").write_text(OTHERS.format(name="double", body="print('loud'); return x * 2", more=""))
    (tmp_path / "mine.py").write_text("def double(x):\n    return x * 2\n")
    done = main("check", "mine.py", "--formula", "loud.py", "-q", "--dtype", "float32", "--json", "-")
    assert [each["verdict"] for each in json.loads(done.stdout)["reports"]] == ["conforms"], done.stderr
    assert "loud" in done.stderr


def test_an_output_that_cannot_be_written_is_said_before_the_run(main, tmp_path):
    done = main("check", "--json", tmp_path / "nowhere" / "report.json")
    assert done.returncode == 2
    assert done.stdout == ""


def test_one_run_writes_every_form_of_the_report(main, tmp_path):
    (tmp_path / "wrong.py").write_text("def relu(x):\n    return x")
    forms = ["--json", "r.json", "--html", "r.html", "--junit", "r.xml", "--badge", "r.svg"]
    done = main("check", "wrong.py", "torhc", "--dtype", "float32", *forms, GITHUB_ACTIONS="true")
    assert done.returncode == 2
    document = json.loads((tmp_path / "r.json").read_text())
    assert document["command"] == f"gaugeblock check wrong.py torhc --dtype float32 {' '.join(forms)}"
    assert document["errors"][0].startswith("subject: got 'torhc'")
    assert "0 of 2 subjects conform" in (tmp_path / "r.html").read_text()
    assert ElementTree.parse(tmp_path / "r.xml").find(".//failure") is not None
    assert "not judged" in (tmp_path / "r.svg").read_text()
    annotations = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert annotations[0].startswith("::error title=gaugeblock::subject: got 'torhc'")
    title = "title=wrong.py%3A relu.value in float32"
    assert annotations[1].startswith(f"::error file=wrong.py,line=1,{title}::y is x bit for bit where x > 0")
    written = {path.name for path in tmp_path.iterdir()} - {"__pycache__"}
    assert written == {"r.html", "r.json", "r.svg", "r.xml", "wrong.py"}


WRONG = "def relu(x):\n    return x\n\n\ndef softmax(x, axis=-1):\n    return x\n"
CONFIG = """[tool.gaugeblock]
subject = "wrong.py"
formulas = ["relu"]
dtypes = ["float32"]

[tool.gaugeblock.known-failures]
"""


def test_a_project_says_what_is_judged_and_what_is_known_to_fail(main, tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    done = main("check", "--json", "-")
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["reports"]
    assert {(each["formula"], each["dtype"]) for each in found["results"]} == {("relu", "float32")}
    assert "wrong.py does not conform" in done.stderr
    failed = {each["requirement"] for each in found["results"] if each["status"] == "fail"}
    known = "".join(f'"{label}" = "no kernel"\n' for label in failed)
    (tmp_path / "pyproject.toml").write_text(CONFIG + known)
    done = main("check", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert done.returncode == 0
    assert "known to fail: relu.value (no kernel)" in done.stdout
    assert "::" not in done.stdout
    named = main("check", "wrong.py", "--json", "-")
    assert {each["formula"] for each in json.loads(named.stdout)["reports"][0]["results"]} == {"relu"}
    assert (tmp_path / "summary.md").read_text().startswith("### gaugeblock\n")
    assert main("check", "wrong.py", "--formula", "softmax", "--dtype", "float32").returncode == 1
    (tmp_path / "wrong.py").write_text("import numpy as np\n\n\ndef relu(x):\n    return np.maximum(x, 0)\n")
    done = main("check")
    assert done.returncode == 1
    assert "known to fail, but it does not: relu.value; take it off the list" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "subjct = 'x.py'",
            "[tool.gaugeblock]: key: got 'subjct'; wanted one of subject, formulas, dtypes, known-failures",
        ),
        ("formulas = 3", "formulas: got 3; wanted a string or a list of strings"),
        ("[tool.gaugeblock.known-failures]\n'relu.nam' = 'x'", "known-failures: requirement: got 'relu.nam'"),
        ("[tool.gaugeblock.known-failures]\n'relu.nan' = ''", "wanted a reason for each requirement"),
        ("known-failures = ['relu.nan']", "wanted a reason for each requirement"),
        ("formulas = [", "it is no TOML: "),
    ],
)
def test_what_a_project_says_wrongly_is_one_line(text, words, main, tmp_path):
    (tmp_path / "pyproject.toml").write_text(f"[tool.gaugeblock]\n{text}\n")
    done = main("check")
    assert done.returncode == 2
    assert done.stderr.startswith("gaugeblock: pyproject.toml: ")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_project_is_that_of_the_nearest_folder_above_that_has_the_table(monkeypatch, tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.gaugeblock]\nsubject = ["src/k.py:f", "torch"]\n')
    for folder in (tmp_path / "a", inner):
        (folder / "pyproject.toml").write_text("[tool.other]\n")
    monkeypatch.chdir(inner)
    (file, name) = config().subject
    assert (file, name) == (os.path.join("..", "..", "src", "k.py:f"), "torch")
    assert same(file) == same(str(tmp_path / "src" / "k.py:f")) != same("k.py:f")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.gaugeblock]\n")
    assert config().subject == ()
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.gaugeblock]\nsubject = 3\n")
    with pytest.raises(typer.TyperException, match=r"^\.\.[\\/]pyproject\.toml: \[tool\.gaugeblock\]: subject: got 3"):
        config()


def test_a_file_of_a_package_is_told_its_name(monkeypatch, tmp_path):
    package = tmp_path / "some_package" / "inner"
    package.mkdir(parents=True)
    (package / "core.py").write_text("from .other import relu\n")
    (package / "other.py").write_text("def relu(x): return x\n")
    monkeypatch.setattr(sys, "path", [*sys.path])
    for marks, at, words in (
        ((), tmp_path, "some_package.inner:core"),
        ((package, package.parent), tmp_path, "some_package.inner:core"),
        ((package, package.parent), package, f"some_package.inner:core, in the folder {tmp_path}"),
    ):
        for each in marks:
            (each / "__init__.py").touch()
        monkeypatch.chdir(at)
        with pytest.raises(SubjectError) as caught:
            load(str(package / "core.py"))
        assert str(caught.value).endswith(f"known parent package; name it in its package: {words}")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert load("some_package.inner:core").relu(3) == 3
    with pytest.raises(SubjectError, match=r"some_package\.inner has no 'cor'"):
        load("some_package.inner:cor")


def test_annotations_are_for_github_alone(main, tmp_path):
    (tmp_path / "wrong.py").write_text("def relu(x):\n    return x")
    assert "::" not in main("check", "wrong.py").stdout


@pytest.mark.parametrize("missing", ["jinja2", "markupsafe"])
def test_html_without_its_extra_is_one_line_before_the_run(missing, tmp_path):
    code = f"import sys; sys.modules[{missing!r}] = None; from gaugeblock.conformance.cli import main; main()"
    command = [sys.executable, "-c", code, "check", "--html", tmp_path / "report.html"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    wanted = (
        f"gaugeblock: --html: {missing} is not installed; `pip install '.[report]'` in a clone of gaugeblock adds it\n"
    )
    assert done.stderr == wanted
    assert os.listdir(tmp_path) == []


def test_compare_shows_what_got_worse(main, tmp_path):
    (tmp_path / "mine.py").write_text("import numpy as np\n\ndef relu(x):\n    return np.maximum(x, 0)\n")
    assert main("check", "mine.py", "--json", "old.json").returncode == 0
    same = main("compare", "old.json", "old.json")
    assert (same.returncode, same.stdout) == (0, "0 changes, 0 of them regressions\n")
    (tmp_path / "mine.py").write_text("def relu(x):\n    return x * (x > 0)\n")
    assert main("check", "mine.py", "--json", "new.json").returncode == 1
    worse = main("compare", "old.json", "new.json")
    assert worse.returncode == 1
    assert "relu.infinity" in worse.stdout
    assert "regression" in worse.stdout
    better = main("compare", "new.json", "old.json")
    assert better.returncode == 0
    assert "fixed" in better.stdout


def test_a_report_replaces_the_old_one_whole(main, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    assert main("check", "torhc", "--json", path).returncode == 2
    assert json.loads(path.read_text())["reports"] == []
    assert main("check", "--formula", "relu", "--json", path).returncode == 0
    assert json.loads(path.read_text())["reports"][0]["passed"] is True
    assert os.listdir(tmp_path) == ["report.json"]


def test_several_subjects_are_all_judged(main, tmp_path):
    (tmp_path / "wrong.py").write_text("def relu(x):\n    return x")
    done = main("check", "numpy", "torhc", "wrong.py", "--formula", "relu")
    assert done.returncode == 2
    assert "numpy conforms" in done.stdout
    assert "wrong.py does not conform" in done.stdout
    assert main("check", "wrong.py", "numpy", "--formula", "relu").returncode == 1


def test_a_package_in_the_folder_is_found(main, tmp_path):
    (tmp_path / "kernels.py").write_text("class mine:\n    relu = staticmethod(lambda x: x * (x > 0))")
    done = main("check", "kernels:mine")
    assert done.returncode == 1
    assert "relu.infinity" in done.stdout


def test_all_is_every_installed_backend(main):
    done = main("check", "all", "--formula", "relu", "--dtype", "float32")
    assert done.returncode == 0
    assert "numpy conforms" in done.stdout
    assert "strict conforms" in done.stdout


def test_spec_shows_pages_and_requirements():
    assert "\nsoftmax: 18 requirements of softmax(x, /, *, axis=-1)\n" in run("spec").stdout
    assert run("spec", "softmax").stdout.startswith("# Softmax\n")
    assert run("spec", "softmax.nan").stdout.startswith("softmax.nan (since 1.0): if any x along the axis is NaN")


def test_the_command_line_needs_no_default_backend():
    script = Path(sys.executable).with_name("gaugeblock")
    environment = {**os.environ, "GAUGEBLOCK_BACKEND": "torhc"}
    done = subprocess.run([script, "--version"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_without_a_command_the_help_is_printed_and_the_options_are_short(main):
    assert main().stdout == main("--help").stdout
    assert main().returncode == 0
    assert main("-V").stdout == main("--version").stdout
    done = main("check", "-q", "numpy", "--formula", "relu", "--dtype", "float32")
    assert (done.returncode, done.stdout) == (0, "numpy conforms\n")


def test_version_and_help():
    assert run("--version").stdout == f"gaugeblock {gaugeblock.__version__}, specification {spec.VERSION}\n"
    assert "Exit status: 0 conforms, 1 does not, 2 could not be judged" in " ".join(
        run("check", "--help").stdout.split()
    )


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("command", ["", "check", "compare", "spec", "sweep", "bench", "cite"])
def test_every_help_says_the_exit_status_and_fits(command, width, main):
    done = main(*command.split(), "-h", COLUMNS=str(width))
    assert done.returncode == 0
    assert done.stdout == main(*command.split(), "--help", COLUMNS=str(width)).stdout
    assert "Exit status: " in " ".join(done.stdout.split()) or command == "cite"
    listed = re.findall(r"^  [a-z]+ .*", done.stdout.partition("Commands:")[2], re.M)
    assert not [line for line in listed if line.endswith("...")]  # no sentence is cut
    assert max(map(len, done.stdout.splitlines())) <= width
    assert "<" not in done.stdout.partition("Options:")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "nmpy"], "did you mean 'numpy'?"),
        (["check", "kernel.py"], "did you mean 'kernels.py'?"),
        (["check", "--formula", "sofmax"], "did you mean 'softmax'?"),
        (["check", "--dtype", "flaot32"], "did you mean 'float32'?"),
        (["check", "--formulae", "relu"], "--formula"),
        (["chek"], "Did you mean 'check'?"),
        (["spec", "sofmax"], "did you mean 'softmax'?"),
        (["spec", "sofmax.nan"], "did you mean 'softmax'?"),
        (["spec", "softmax.nam"], "did you mean 'softmax.nan'?"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(arguments, words, main, tmp_path):
    (tmp_path / "kernels.py").write_text("def relu(x): return x")
    done = main(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "did you mean" not in main("check", "--formula", "quite_another").stderr


@pytest.mark.parametrize(
    ("line", "wanted", "unwanted"),
    [
        ("gaugeblock che", ["check"], ["spec"]),
        ("gaugeblock check nu", ["numpy"], ["torch"]),
        ("gaugeblock check a", ["all"], ["numpy"]),
        ("gaugeblock check --formula soft", ["softmax", "softmax_vjp"], ["relu"]),
        ("gaugeblock check --dtype b", ["bfloat16"], ["float32"]),
        ("gaugeblock check --spec 1.", ["1.0"], ["numpy"]),
        ("gaugeblock spec rel", ["relu"], ["softmax"]),
        ("gaugeblock spec softmax.n", ["softmax.nan"], ["softmax.shape"]),
        ("gaugeblock bench t", ["torch"], ["all"]),
        ("gaugeblock check my", [], ["numpy"]),  # the shell's own files
    ],
)
def test_a_shell_completes_names(line, wanted, unwanted, main):
    words = line.split()
    variables = {"_GAUGEBLOCK_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    found = main(**variables).stdout.split()
    assert set(wanted) <= set(found)
    assert not set(unwanted) & set(found)


def test_no_escape_codes_in_a_pipe_and_colours_where_they_are_asked_for(main, tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG)
    check = "check", "wrong.py", "--formula", "relu", "--dtype", "float32"
    plain = main(*check, NO_COLOR="")
    assert plain.stdout == main(*check).stdout
    assert "\x1b" not in plain.stdout + plain.stderr
    coloured = main(*check, NO_COLOR="", FORCE_COLOR="1")
    assert "\x1b[1;31mFAIL" in coloured.stdout
    assert coloured.stderr == ""  # no progress but on a terminal
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured.stdout) == plain.stdout
    assert main("check", "nmpy", NO_COLOR="", FORCE_COLOR="1").stderr.startswith("\x1b[1;31mgaugeblock:\x1b[0m subject")


@pytest.mark.parametrize(("dtypes", "parts"), [(None, 4), (["float16"], 2)])
def test_as_much_comes_as_was_expected(dtypes, parts):
    """A subject that declares no dtypes is judged in two of the four."""
    told, expected = [], []

    def tell(what="", more=0):
        (expected if more else told).append(more or what)

    subject = types.SimpleNamespace(relu=lambda x: np.maximum(x, 0))
    check_name(subject, Asked(["relu", "relu_vjp"], dtypes, None, None, False, Manner()), tell)
    assert (expected, len(told)) == ([parts], parts)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a thing of Unix")
@pytest.mark.parametrize("no_color", ["", "1"])
def test_progress_is_shown_on_a_terminal_alone(no_color):
    import pty

    main, terminal = pty.openpty()
    command = [sys.executable, "-m", "gaugeblock", "check", "--formula", "softmax"]
    environment = {**os.environ, "TERM": "xterm-256color", "NO_COLOR": no_color}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=terminal, env=environment) as process:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # Linux says so that the other end is closed
            while more := os.read(main, 65536):
                shown += more
        assert process.stdout is not None
        output = process.stdout.read()
    os.close(main)
    assert process.returncode == 0
    assert b"\x1b" not in output
    assert b"numpy conforms" in output
    assert b"numpy softmax float" in shown
    assert b"2/2" in shown  # float32 and float64
    colours = re.findall(rb"\x1b\[(?:\d+;)*(?:3\d|9\d)(?:;\d+)*m", shown)
    assert bool(colours) == (not no_color)
