"""Text and files from outside: cleaned in one place, written whole, and refused in one line."""

import json
import os
import stat
import subprocess
import sys
import threading
import types
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import typer

import gaugeblock as gb
from gaugeblock.conformance import check
from gaugeblock.conformance.cli.app import app
from gaugeblock.conformance.cli.outputs import refuse, write
from gaugeblock.conformance.exchange.answers import VectorsError, judge_answers, sha256_of_manifest
from gaugeblock.conformance.reporting import citation, compare
from gaugeblock.conformance.reporting.formats import to_badge, to_junit
from gaugeblock.conformance.reporting.report import to_document, to_json
from gaugeblock.worker.text import one_line, plain

ROOT = Path(__file__).parent.parent
NASTY = {
    "colour": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;title\x07",
    "C1": "\x9b31m",
    "right to left": "a\u202egnp.exe \u2066x\u2069",
    "zero": "a\x00b",
    "surrogate": "\udc80",
    "lines": "a\n::error::b\r\u2028c",
    "no character": "\ufeff\ufffe\uffff\u200b",
    "long": "A" * 5_000_000,
}


@pytest.mark.parametrize("what", NASTY)
def test_text_becomes_one_short_line_of_printable_characters(what):
    for found in (plain(NASTY[what]), plain(NASTY[what], last=True), one_line(ValueError(NASTY[what]))):
        assert found.isprintable()
        assert len(found) <= 320
    assert plain("  a\tb \u00e9\u4e2d ") == "a b \u00e9\u4e2d"
    assert plain("abcdefghij", 8) == "abcd ..."
    assert plain("abcdefghij", 8, last=True) == "... ghij"


def test_a_report_on_hostile_text_is_well_formed_and_short():
    def relu(x):
        raise ValueError("".join(NASTY.values()))

    relu.__name__ = NASTY["colour"]
    found = check(types.SimpleNamespace(__name__="".join(NASTY.values())[-300:], relu=relu), ["relu"], ["float32"])
    document = to_document([found], plain(NASTY["surrogate"]))
    xml = to_junit(document)
    assert ElementTree.fromstring(xml) is not None
    texts = to_json(document) + xml + to_badge(document)
    assert "\x1b" not in texts
    texts.encode("utf-8")
    assert len(texts) < 100_000


# Files that are written.


def test_a_plain_file_is_replaced_and_a_link_stays(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("none")
    for name in ("link", "dangling", "n" * 250, "a:b"):
        write("--json", tmp_path / name, "new")
        assert (tmp_path / name).read_text() == "new"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "dangling").is_symlink()
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    assert len(os.listdir(tmp_path)) == 6


def test_devices_and_pipes_are_written_through(tmp_path):
    write("--json", Path("/dev/null"), "new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    code = "from pathlib import Path; from gaugeblock.conformance.cli.outputs import refuse, write; "
    code += "refuse({'--json': Path('/dev/stdout')}); write('--json', Path('/dev/stdout'), 'new')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "new"
    os.mkfifo(tmp_path / "pipe")
    found = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()), daemon=True)
    reader.start()
    write("--json", tmp_path / "pipe", "new")
    reader.join(10)
    assert found == ["new"]
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_a_full_disk_is_one_line_and_the_others_are_written(tmp_path, capsys):
    options = ["--json", "/dev/full", "--junit", str(tmp_path / "r.xml"), "--formula", "relu", "--dtype", "float32"]
    assert app(["check", "numpy", *options], standalone_mode=False) == 2
    found = capsys.readouterr()
    assert "--json: /dev/full: cannot be written: No space left on device; name a file that can" in found.err
    assert "numpy conforms" in found.out
    assert ElementTree.parse(tmp_path / "r.xml").getroot() is not None


def test_what_cannot_be_written_to_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("subject.py", "real"):
        Path(name).write_text("")
    Path("link").symlink_to("real")
    for files, subjects, words in (
        ({"--json": "a", "--html": "./a"}, [], "--json, --html: got one file for two of them"),
        ({"--json": "real", "--html": "link"}, [], "--json, --html: got one file for two of them"),
        (
            {"--json": "subject.py"},
            ["./subject.py"],
            "--json: subject.py: it is ./subject.py, which this command reads",
        ),
        ({"--json": "subject.py"}, ["subject.py:thing"], "--json: subject.py: it is subject.py:thing, which this"),
        ({"--json": "link"}, ["real"], "--json: link: it is real, which this command reads; name another file"),
        ({"--html": "-"}, [], "--html: got -; wanted a file: only --json of check and of compare takes - for"),
        ({"--json": "."}, [], "--json: .: cannot be written: it is a folder"),
        ({"--json": "no/such"}, [], "--json: no/such: cannot be written: No such file or directory"),
    ):
        with pytest.raises(typer.TyperException) as caught:
            refuse({option: Path(path) for option, path in files.items()}, subjects)
        assert words in caught.value.format_message()
    refuse({"--json": Path("/dev/null"), "--html": Path("/dev/null"), "--junit": Path("x")}, ["numpy", "real"])
    assert not Path("-").exists()


def test_names_of_any_bytes_work_or_are_refused_in_a_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a:b.py").write_text("import numpy as np\n\ndef relu(x):\n    return np.maximum(x, 0)\n")
    asked = "--formula", "relu", "--dtype", "float32"
    assert app(["check", "a:b.py", *asked, "--json", os.fsdecode(b"\xff.json")], standalone_mode=False) == 0
    assert json.loads(Path(os.fsdecode(b"\xff.json")).read_text())["reports"][0]["subject"] == "a:b.py"
    assert app(["check", os.fsdecode(b"\xff.py"), *asked], standalone_mode=False) == 2
    assert "subject: got '" in capsys.readouterr().err


# Files that are read.

HUGE = "1" + 400 * "0"
BROKEN = {
    "deep": "[" * 10**5,
    "deep objects": '{"reports": ' + '{"a": ' * 10**4,
    "long digits": '{"reports": [{"schema": ' + "1" * 5000 + "}]}",
    "a huge ratio": '{"reports": [{"schema": 4, "subject": "x", "results": [{"formula": "f", "dtype": "d", '
    f'"requirement": "r", "status": "pass", "ratio": {HUGE}}}]}}]}}',
    "a list as subject": '{"reports": [{"schema": 4, "subject": [], "results": [{"formula": "f", "dtype": "d", '
    '"requirement": "r", "status": "pass", "ratio": 0}]}]}',
    "a strange status": '{"reports": [{"schema": 4, "subject": "x", "results": [{"formula": "f", "dtype": "d", '
    '"requirement": "r", "status": "\\u001b[31m", "ratio": 0}]}]}',
    "lists": '{"reports": [[]]}',
    "a list of versions": '{"reports": [{"schema": [4]}]}',
    "an object": '{"reports": {"schema": 4}}',
    "a number": '{"reports": 3}',
    "a version that a terminal obeys": '{"reports": [{"schema": "\\u001b[31m\\ud800"}]}',
    "no UTF-8": b"\xff",
    "NaN": "NaN",
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_compare_says_in_one_line_what_is_no_report(what, tmp_path, capsys):
    path, text = tmp_path / "report.json", BROKEN[what]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"report\.json: ") as caught:
        compare.load(path)
    assert str(caught.value).isprintable()
    assert app(["compare", str(path), str(path)], standalone_mode=False) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


NAME, CASE = "relu/float32.json", "relu.value/random_seed_0_0"


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10**5,
        "3",
        '{"\\ud800": {}}',
        f'{{"{NAME}": 3}}',
        f'{{"{NAME}": {{"\\ud800": {{}}}}}}',
        f'{{"{NAME}": {{"{CASE}": 3}}}}',
        f'{{"{NAME}": {{"{CASE}": {{"y": 3, "y.shape": [1]}}}}}}',
        f'{{"{NAME}": {{"{CASE}": {{"y": "", "y.shape": [0, {HUGE}]}}}}}}',
        f'{{"{NAME}": {{"{CASE}": {{"y": "", "y.shape": [0, 2147483647, 2147483647, 2147483647]}}}}}}',
        f'{{"{NAME}": {{"{CASE}": {{"y": "", "y.shape": {"[" * 500 + "]" * 500}}}}}}}',
        f'{{"{NAME}": {{"{CASE}": {{"y": "\\ud800", "y.shape": [1]}}}}}}',
        '{"a": ' + "1" * 5000 + "}",
    ],
)
def test_judge_says_in_one_line_what_is_no_answer(text, tmp_path):
    (tmp_path / "answers.json").write_text(text)
    with pytest.raises(VectorsError) as caught:
        judge_answers(ROOT / "vectors", tmp_path / "answers.json")
    assert str(caught.value).isprintable()


def test_vectors_that_nobody_wrote_are_one_line(tmp_path):
    import hashlib

    (tmp_path / "relu").mkdir()
    head = {"schema": 1, "spec": "1.4", "formula": "relu", "dtype": "float32", "left_out": {}}
    (tmp_path / "answers.json").write_text(json.dumps({NAME: {CASE: {"y": "", "y.shape": [0]}}}))
    for document in (head, {**head, "cases": 3}, {**head, "cases": [3]}, {**head, "cases": [{"case": CASE}]}):
        text = json.dumps(document)
        (tmp_path / NAME).write_text(text)
        (tmp_path / "MANIFEST").write_text(f"{hashlib.sha256(text.encode()).hexdigest()}  {NAME}\n")
        with pytest.raises(VectorsError, match="it is not as `gaugeblock vectors` writes it"):
            judge_answers(tmp_path, tmp_path / "answers.json")


def test_vectors_that_are_not_the_published_ones_are_noted_and_cited(tmp_path, capsys):
    source = ROOT / "vectors"
    (tmp_path / "relu").mkdir()
    text = (source / NAME).read_text()
    (tmp_path / NAME).write_text(text)
    line = next(line for line in (source / "MANIFEST").read_text().splitlines() if line.endswith(NAME))
    (tmp_path / "MANIFEST").write_text(line + "\n")
    case = next(each for each in json.loads(text)["cases"] if each["case"] == CASE)
    answer = {"y": case["expected"]["y"], "y.shape": case["expected"]["y.shape"]}
    (tmp_path / "answers.json").write_text(json.dumps({NAME: {CASE: answer}}))
    own = sha256_of_manifest(tmp_path)
    report, _ = judge_answers(tmp_path, tmp_path / "answers.json")
    assert report.notes == (
        f"these are not the published vectors: the SHA-256 of their MANIFEST is {own}, and of the published ones "
        f"{citation.MANIFEST}",
    )
    assert app(["judge", str(tmp_path), str(tmp_path / "answers.json")], standalone_mode=False) == 0
    assert own in capsys.readouterr().out.splitlines()[-1]


# In part.


def last_axis_only(x, *, axis=-1):
    if axis != -1:
        raise NotImplementedError("the last axis only")
    return gb.softmax(x)


def test_what_declines_a_requirement_conforms_in_part(tmp_path, capsys):
    both = types.SimpleNamespace(__name__="mine", softmax=last_axis_only, relu=lambda x: np.maximum(x, 0))
    found = check(both, ["softmax", "relu"], ["float32"])
    assert found.passed
    assert found.verdict == "conforms in part"
    assert list(found.partial) == ["softmax"]
    assert "axis" in found.partial["softmax"]
    assert "relu" in found.claim
    assert "softmax" not in found.claim
    badge = to_badge(to_document([found]))
    assert "conforms in part" in badge
    assert "#17693a" not in badge
    file = tmp_path / "mine.py"
    file.write_text("import gaugeblock as gb\n\ndef softmax(x, *, axis=-1):\n    if axis != -1:\n"
                    "        raise NotImplementedError('the last axis only')\n    return gb.softmax(x)\n")  # fmt: skip
    asked = ["check", str(file), "--formula", "softmax", "--dtype", "float32"]
    assert app(asked, standalone_mode=False) == 0
    assert "conforms in part" in capsys.readouterr().out
    assert app([*asked, "--require-complete"], standalone_mode=False) == 1
    whole = ["check", "numpy", "--formula", "softmax", "--dtype", "float32", "--require-complete"]
    assert app(whole, standalone_mode=False) == 0


def test_layouts_and_donation_are_not_needed_for_the_whole():
    def relu(x):
        if not x.flags.writeable:
            raise NotImplementedError("arrays that can be written to")
        return np.maximum(x, 0)

    found = check(types.SimpleNamespace(relu=relu), ["relu"], ["float32"])
    assert found.verdict == "conforms"


def test_the_judges_own_hash_is_in_the_report():
    found = check(types.SimpleNamespace(relu=np.abs), ["relu"], ["float32"]).to_dict()
    assert found["judge_sha256"] == citation.judge_sha256()
    assert len(found["judge_sha256"]) == 64
