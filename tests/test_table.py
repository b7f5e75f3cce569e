"""`gaugeblock table`: the verdicts of a report for a paper, a page or a spreadsheet."""

import csv
import io
import json

import pytest

from gaugeblock.conformance import check
from gaugeblock.conformance.reporting.report import to_document, to_json
from gaugeblock.conformance.reporting.table import FORMATS, load


class Partly:
    """A subject that conforms in part in one formula, and fails in another in float32 only."""

    def relu(self, x):
        if x.size == 0:
            raise NotImplementedError("no empty arrays")
        return (x + abs(x)) / 2 if x.dtype == "float64" else x

    def softmax(self, x, *, axis=-1):
        raise NotImplementedError("none")


@pytest.fixture(scope="module")
def document():
    partly = check(Partly(), formulas=["relu", "softmax"], made=False)
    return to_document([check("numpy", formulas=["relu"]), partly])


@pytest.fixture
def report(document, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(to_json(document))
    return path


def test_it_says_what_the_report_does(document, report):
    """For each formula and dtype: what fails, in the order of the page, and the worst ratio."""
    cells = {(cell.subject, cell.formula, cell.dtype): cell for cell in load(report)}
    assert set(cells) == {(name, "relu", dtype) for name in ("numpy", "Partly") for dtype in ("float32", "float64")}
    for each in document["reports"]:
        for dtype in ("float32", "float64"):
            results = [result for result in each["results"] if (result["formula"], result["dtype"]) == ("relu", dtype)]
            cell = cells[each["subject"], "relu", dtype]
            failed = [result["requirement"].partition(".")[2] for result in results if result["status"] == "fail"]
            assert (list(cell.fails), cell.spec) == (failed, each["spec"])
            assert cell.ratio == max(float(result["ratio"]) for result in results)
            assert (cell.verdict == "fails") == bool(failed)
            assert (cell.verdict == "conforms") == ("relu" in each["complete"])


def test_markdown_has_a_column_for_each_dtype(main, report):
    lines = main("table", report).stdout.splitlines()
    assert lines[:2] == ["| subject | formula | float32 | float64 |", "| --- | --- | --- | --- |"]
    assert lines[2] == "| numpy | relu | conforms (0) | conforms (0) |"
    assert lines[3].startswith("| Partly | relu | fails (inf): value, ")
    assert lines[3].count("|") == 5
    assert lines[-1].startswith("gaugeblock, specification 1.")


def test_latex_needs_no_package_and_escapes(main, report, document):
    report.write_text(to_json(document).replace('"subject": "Partly"', '"subject": "my_50%_{kernel}.py"'))
    lines = main("table", report, "--format", "latex").stdout.splitlines()
    assert lines[0].startswith("% gaugeblock, specification 1.")
    assert (lines[1], lines[-1]) == (r"\begin{tabular}{llll}", r"\end{tabular}")
    assert lines[-2] == r"\hline"
    assert lines[-3].startswith(r"my\_50\%\_\{kernel\}.py & relu & fails (")
    assert all(line.endswith(r" \\") and line.count("&") == 3 for line in lines if line[0] not in "%\\")


def test_csv_has_a_line_for_each_verdict(main, report):
    rows = list(csv.DictReader(io.StringIO(main("table", report, "--format", "csv").stdout)))
    assert [(row["subject"], row["dtype"]) for row in rows] == [
        (subject, dtype) for subject in ("numpy", "Partly") for dtype in ("float32", "float64")
    ]
    assert rows[0]["verdict"] == "conforms"
    assert "value" in rows[2]["fails"].split()


def test_what_is_declined_is_in_part(report, document):
    partly = document["reports"][1]
    for result in partly["results"]:
        if result["status"] == "fail":
            result |= {"status": "pass", "ratio": 0}
    report.write_text(json.dumps(document))
    assert {cell.verdict for cell in load(report) if cell.subject == "Partly"} == {"conforms in part"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "is no report"),
        ("{}", "is no report"),
        ('{"reports": [1]}', "is no report"),
        ('{"reports": []}', "holds no report; wanted version 2"),
        ('{"reports": [{"schema": 99}]}', "holds reports of version 99"),
    ],
)
def test_what_is_no_report_is_one_line(tmp_path, text, said):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said) as error:
        load(path)
    assert "\n" not in str(error.value)


def test_mistakes_on_the_command_line_are_one_line(main, tmp_path):
    done = main("table", tmp_path / "none.json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    done = main("table", tmp_path / "none.json", "--format", "latx")
    assert (
        done.stderr == "gaugeblock: --format: got 'latx'; wanted one of markdown, latex, csv; did you mean 'latex'?\n"
    )
    assert done.returncode == 2


def test_the_formats_are_those_that_a_shell_completes():
    from gaugeblock.conformance.cli.terminal import table_formats

    assert table_formats("") == list(FORMATS)
