"""Several judges at once: the same report as that of one, and no process that is left behind."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from gaugeblock import spec
from gaugeblock.conformance.judging import judges
from gaugeblock.conformance.judging.check import Manner, report_on
from gaugeblock.conformance.judging.child import RUNNING, Child
from gaugeblock.conformance.judging.judges import judges_for, report_of_several
from gaugeblock.conformance.judging.selection import selected
from gaugeblock.worker.loading import SubjectError
from gaugeblock.worker.one_thread import VARIABLES, one_thread

WRONG = """
import numpy as np

def relu(x):
    return np.abs(x)

def softmax(x, *, axis=-1):
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)

def dense_(x, w, b):
    return x @ w + b
"""
FORMULAS = ["softmax", "relu", "dense"]
JUDGE = partial(report_on, manner=Manner(made=False))


@pytest.fixture
def chosen(tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    return str(tmp_path / "wrong.py"), FORMULAS, ["float32"], None


def as_dict(report):
    found = report.to_dict()
    return found | {"results": [each | {"seconds": 0} for each in found["results"]]}


@pytest.mark.whole
def test_several_judges_say_what_one_says_in_the_same_order(chosen):
    done = []
    several = report_of_several(2, chosen, JUDGE, FORMULAS, done.append)
    with selected(*chosen) as (subject, formulas, dtypes):
        one = JUDGE(subject, formulas, dtypes)
    assert as_dict(several) == as_dict(one)
    assert several.near == {"dense_": "dense"}
    assert not several.passed
    assert sorted(done) == sorted(FORMULAS)
    assert not RUNNING


def test_what_a_judge_raises_is_raised(chosen):
    with pytest.raises(SubjectError, match="no_such_file"):
        report_of_several(2, ("no_such_file.py", *chosen[1:]), JUDGE, FORMULAS, print)
    with pytest.raises(ValueError, match="soft_max"):
        report_of_several(1, chosen, JUDGE, ["soft_max"], print)
    assert not RUNNING


def test_a_judge_that_is_killed_is_told_of(chosen, monkeypatch):
    monkeypatch.setattr(judges, "START", "import os; os.kill(os.getpid(), 9)  # {path}")
    with pytest.raises(RuntimeError, match="one of its judges has gone: it was killed by a signal"):
        report_of_several(2, chosen, JUDGE, FORMULAS, print)
    assert not RUNNING


def test_few_formulas_have_one_judge_and_many_subjects_share_the_cores(monkeypatch, chosen):
    monkeypatch.setattr(judges, "CORES", 4)
    with selected(*chosen) as (subject, _, _):
        assert judges_for(subject, spec.formulas(), 1) == 1  # it has two of them
    with selected("numpy", None, None, None) as (subject, _, _):
        assert judges_for(subject, spec.formulas(), 1) == 4
        assert judges_for(subject, spec.formulas(), 2) == 2
        assert judges_for(subject, spec.formulas()[:13], 1) == 2
        assert judges_for(SimpleNamespace(), spec.formulas(), 1) == 1


def test_a_process_is_ended_once_since_its_number_may_be_anothers_later(monkeypatch):
    child = Child([sys.executable, "-c", "input()"], lambda stream: stream.read())
    child.end()
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("it was ended again"), raising=False)
    child.end()


def test_a_judge_has_one_thread_and_what_it_starts_has_as_many_as_ever(monkeypatch):
    monkeypatch.setenv(VARIABLES[0], "3")
    monkeypatch.delenv(VARIABLES[1], raising=False)
    with one_thread():
        assert [os.environ[name] for name in VARIABLES[:2]] == ["3", "1"]
    assert os.environ[VARIABLES[0]] == "3"
    assert VARIABLES[1] not in os.environ


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted as Linux shows them")
def test_the_command_line_starts_no_threads_that_wait_for_each_other():
    code = "import os, sys, gaugeblock.__main__ as m; sys.argv = ['gaugeblock', '--version']\n"
    code += "try: m.main()\nexcept SystemExit: print(len(os.listdir('/proc/self/task')))"
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "1"
