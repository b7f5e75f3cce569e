"""Right implementations written another way: none may be rejected."""

import importlib
import types

import pytest

from gaugeblock import reference, spec
from gaugeblock.conformance import check

SEEDS = range(3)


def rewrites(formula):
    module = importlib.import_module(f"rewrites.{formula}")
    return [
        (formula, name, call) for name, call in vars(module).items() if name.partition("__")[0] in reference.FORMULAS
    ]


ALL = [rewrite for formula in spec.formulas() for rewrite in rewrites(formula) if "__" in rewrite[1]]


@pytest.mark.parametrize(("formula", "name", "call"), ALL, ids=[name for _, name, _ in ALL])
def test_a_right_rewrite_is_accepted(formula, name, call):
    subject = types.SimpleNamespace(__name__=name, **{name.partition("__")[0]: call})
    for seed in SEEDS:
        found = check(subject, formulas=[formula], seed=seed)
        assert found.passed, [r.worst for r in found.results if r.status == "fail"]


def test_there_are_enough():
    assert len(ALL) >= 40
