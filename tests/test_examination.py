"""A stranger's formula is examined before anybody is judged by it: what it declares wrongly is one line."""

import types
from importlib.metadata import EntryPoint

import numpy as np
import pytest

import gaugeblock as gb
from gaugeblock.conformance import check
from gaugeblock.conformance.exchange import vectors
from gaugeblock.conformance.formulas import case
from gaugeblock.conformance.judging import examination, loading
from gaugeblock.reference.declaration import formula

pytestmark = pytest.mark.whole


def namespace(x):
    return x.__array_namespace__()


def declared(signature, function, name="mine", **keywords):
    """A formula of a name."""
    function.__name__ = name
    return formula(signature, **keywords)(function)


def judged(asked, call=None, dtypes=("float32",)):
    """The report on a subject that is a function, by default the formula itself."""
    subject = types.SimpleNamespace(__name__="subject", **{asked.__name__: call or asked})
    return check(subject, formulas=[asked], dtypes=dtypes)


def double(x):
    return 2 * x


def of_double(dtype, seed):
    yield case(double, "double.value", "ones", "another factor", np.ones(3, dtype))


def chosen(label, **keywords):
    """A formula with a chosen case."""

    def cases(dtype, seed):
        yield case(asked, label, "ones", "another factor", np.ones(3, dtype))

    asked = declared("(...) -> (...)", lambda x: 2 * x, cases=cases, **keywords)
    return asked


def refuses_odd(x):
    if x.shape[-1] % 2:
        raise RuntimeError("an even length only")
    return x * 1


MISFITS = {
    "keeps the axis": ("(..., n) -> (...)", lambda x: x * 2, {}, r"y: got the shape \(3, 5\) where .*; wanted \(3,\)"),
    "sums all": ("(..., n) -> (...)", lambda x: namespace(x).sum(x), {}, r"y: got the shape \(\) where"),
    "one of two": ("(..., n) -> (...), (...)", lambda x: x[..., 0], {}, r"it returned .*; wanted 2 results, y1, y2"),
    "none": ("(...) -> (...)", lambda x: None, {}, "y: got NoneType; wanted one array"),
    "booleans": ("(...) -> (...)", lambda x: x > 0, {}, "y: got an array of bool; wanted one of floating-point"),
    "integers": ("(..., n) -> (...)", lambda x: namespace(x).argmax(x, axis=-1), {}, "y: got an array of int64"),
    "raises": ("(..., n) -> (..., n)", refuses_odd, {}, r"mine on .* shapes \(3, 5\): it raised RuntimeError: an even"),
    "no bound": ("(n, n) -> (n, n)", lambda x: namespace(x).linalg.inv(x), {}, "it raised .*no error bound for it"),
    "forms": ("(...) -> (...)", double, {"forms": {"triple": lambda x: 3 * x}}, "its forms disagree: mine.value/"),
    "forms take more": ("(...) -> (...)", double, {"forms": {"other": lambda x, y: x}}, "other: it raised TypeError"),
    "forms give none": ("(...) -> (...)", double, {"forms": {"o": lambda x: None}}, "mine: forms: o: y: got NoneType"),
    "forms sum": (
        "(..., n) -> (..., n)",
        lambda x: x * 2,
        {"forms": {"short": lambda x: namespace(x).sum(x, axis=-1)}},
        r"mine: forms: short: y: got the shape \(3,\) where .*; wanted \(3, 5\)",
    ),
    "never a number": ("(...) -> (...)", lambda x: x * float("nan"), {}, "no element of it has a tolerance that is"),
    "default of none": (
        "(...) -> (...)", lambda x, a=None: x * a, {}, r"mine on float32 arrays of shapes \(3,\), a=None: it raised"
    ),
    "open": ("(...) -> (...)", double, {"open": lambda: True}, "open: it raised TypeError"),
    "all open": ("(...) -> (...)", double, {"open": lambda x: x == x}, "no case can judge mine.value in float32"),
    "cases raise": ("(...) -> (...)", double, {"cases": lambda dtype, seed: 1 / 0}, "cases: it raised ZeroDivision"),
    "cases of one": ("(...) -> (...)", double, {"cases": lambda dtype: []}, "cases: it raised TypeError"),
    "no cases": ("(...) -> (...)", double, {"cases": lambda dtype, seed: [1]}, "cases: got int; wanted what `case`"),
    "cases of another": ("(...) -> (...)", double, {"cases": of_double}, "cases: got one of double; wanted those"),
    "no page": ("(...) -> (...)", double, {"page": "mine.md"}, "page: .*mine.md cannot be read: No such file"),
    "triple": ("(...) -> (...)", double, {"definition": lambda x: 3 * x}, "its definition disagrees: mine.value/"),
    "nan": ("(...) -> (...)", double, {"definition": lambda x: x * float("nan")}, "y is nowhere finite"),
    "a definition of one": (
        "(..., n) -> (...), (...)",
        lambda x: (namespace(x).max(x, axis=-1), namespace(x).min(x, axis=-1)),
        {"definition": lambda x: (max(x),)},
        "its definition gives no results of it: IndexError",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISFITS)
def test_what_cannot_judge_is_one_line(kind):
    signature, function, keywords, message = MISFITS[kind]
    copied = types.FunctionType(function.__code__, function.__globals__, None, function.__defaults__)
    with pytest.raises(ValueError, match=message) as caught:
        judged(declared(signature, copied, **keywords))
    assert "\n" not in str(caught.value)


def test_a_chosen_case_about_nothing_that_is_required_is_one_line():
    with pytest.raises(ValueError, match=r"mine: cases: got one of 'mine.vlaue'; did you mean 'mine.value'"):
        judged(chosen("mine.vlaue"))


def test_a_requirement_on_a_page_that_no_case_asks_is_one_line(tmp_path, monkeypatch):
    page = tmp_path / "mine.md"
    page.write_text("- **mine.double**: it is twice as large.\n")
    monkeypatch.setattr(examination.Formula, "page_file", page)
    with pytest.raises(ValueError, match=r"mine: no case can judge mine.double in float32; wanted a chosen one"):
        judged(declared("(...) -> (...)", lambda x: 2 * x, page="mine.md"))
    found = {result.requirement: result.status for result in judged(chosen("mine.double", page="mine.md")).results}
    assert found == dict.fromkeys(("mine.value", "mine.dtype", "mine.shape", "mine.pure", "mine.double"), "pass")
    page.write_text("- **other.double**: it is twice as large.\n")
    with pytest.raises(ValueError, match=r"mine: page: got the requirement other.double in .*; wanted labels"):
        judged(declared("(...) -> (...)", lambda x: 2 * x, page="mine.md"))


def test_vectors_of_what_cannot_judge_are_not_written():
    with pytest.raises(ValueError, match=r"mine: y: got an array of bool; wanted one of floating-point numbers"):
        vectors.document(declared("(...) -> (...)", lambda x: x > 0), "float32")


def test_two_formulas_of_one_name_are_one_line():
    two = [declared("(...) -> (...)", lambda x: x * 1), declared("(...) -> (...)", lambda x: x * 2)]
    with pytest.raises(ValueError, match=r"formula: got two of the name mine; wanted another name for each"):
        check(types.SimpleNamespace(mine=double), formulas=two)


def test_an_installed_formula_does_not_take_the_place_of_an_own_one(monkeypatch):
    monkeypatch.setattr(loading, "registry", lambda: {"softmax": EntryPoint("softmax", "builtins:abs", "")})
    assert not loading.is_elsewhere("softmax")
    assert judged_names(["softmax"]) == {"softmax"}


def judged_names(formulas):
    return {result.formula for result in check("numpy", formulas=formulas, dtypes=["float32"], made=False).results}


@pytest.mark.parametrize(
    ("entry", "message"), [("sys:maxsize", "got int; wanted a function"), ("keyword", "no formula")]
)
def test_an_installed_formula_that_is_none_is_one_line(entry, message, monkeypatch):
    monkeypatch.setattr(loading, "registry", lambda: {"mine": EntryPoint("mine", entry, "")})
    with pytest.raises(loading.SubjectError, match=f"mine: .*{message}"):
        loading.load_formulas("mine")


def test_a_declared_lambda_is_one_line_since_no_subject_has_its_name(tmp_path):
    (tmp_path / "unnamed.py").write_text("import gaugeblock\nf = gaugeblock.formula('(...) -> (...)')(lambda x: x)\n")
    with pytest.raises(
        loading.SubjectError, match=r"unnamed.py: got a lambda .*; wanted a function with a name, by def"
    ):
        loading.load_formulas(str(tmp_path / "unnamed.py"))


def test_a_definition_is_held_against_the_formula_without_chosen_cases():
    asked = declared("(..., n) -> (...)", lambda x: namespace(x).mean(x, axis=-1), definition=lambda x: sum(x) / len(x))
    report = judged(asked)
    assert report.passed
    assert not report.unverified


def test_the_report_says_which_lengths_no_case_has():
    asked = declared("(..., n) -> (..., n)", lambda x: x * namespace(x).mean(x, axis=-1, keepdims=True))
    found = judged(asked, dtypes=["float32", "float64"]).notes
    assert found == ("mine in float64: no case has n = 33001, 70001, 100003",)


def test_the_report_says_which_keyword_no_case_varies():
    def reduced(x, *, reduction="mean", factor=2.0):
        return factor * getattr(namespace(x), reduction)(x, axis=-1)

    found = judged(declared("(..., n) -> (...)", reduced)).notes
    assert found == (
        "mine in float32: no case gives 'reduction' another value than the default: name some in `options`",
    )


def test_a_formula_of_somebody_elses_may_have_the_name_of_one_of_gaugeblocks_own_and_nothing_is_claimed_of_it():
    @formula("(..., n), (n) -> (..., n)")
    def rms_norm(x, w, *, epsilon=1e-6):
        xp = x.__array_namespace__()
        return x / xp.sqrt(xp.mean(x * x, axis=-1, keepdims=True) + epsilon) * w * 2

    mine = types.SimpleNamespace(__name__="mine", rms_norm=lambda x, w, **options: rms_norm(x, w, **options))
    found = check(mine, [rms_norm], ["float32"])
    assert found.passed
    assert found.claim == ""
    assert not check(types.SimpleNamespace(__name__="own", rms_norm=gb.rms_norm), [rms_norm], ["float32"]).passed
    with pytest.raises(ValueError, match="formula: got two of the name rms_norm; wanted another name for each"):
        check(mine, ["rms_norm", rms_norm], ["float32"])
