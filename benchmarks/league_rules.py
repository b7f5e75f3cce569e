"""The rules of the league: when each judge says that an output passes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gaugeblock.conformance.formulas import Case
from gaugeblock.conformance.judging import oracle

Results = dict[str, Any]


class Wanted(NamedTuple):
    """What a call should give: as NumPy computes it, and as the oracle has it."""

    plain: Results
    exact: dict[str, oracle.Expected]


Rule = Callable[[Case, str, np.ndarray, Wanted], bool]


def allclose(rtol: float, atol: float, share: float = 1.0) -> Rule:
    """``|a - b| <= atol + rtol |b|`` for that share of the elements, NaN where NaN should be."""

    def rule(case: Case, name: str, got: np.ndarray, wanted: Wanted) -> bool:
        close = np.isclose(got, wanted.plain[name], rtol=rtol, atol=atol, equal_nan=True)
        return bool(np.mean(close) >= share) if close.size else True

    return rule


def flashinfer(case: Case, name: str, got: np.ndarray, wanted: Wanted) -> bool:
    """An element fails if both its absolute and its relative error exceed 1e-2; NaN and infinities fail."""
    want = wanted.plain[name]
    error = np.abs(got.astype(np.float64) - want)
    return not np.any((error > 1e-2) & (error / (np.abs(want) + 1e-8) > 1e-2)) and bool(np.all(np.isfinite(got)))


def tosa(case: Case, name: str, got: np.ndarray, wanted: Wanted) -> bool:
    """The rule for dot products: each error, their sum and the sum of their squares, in units of the terms."""
    absolute = [np.abs(np.asarray(each, np.float64)) for each in case.arguments]
    scale = np.asarray(case.formula(*absolute)) * 2.0**-24
    terms = absolute[1].shape[0] + 1 if absolute[1].ndim else 2
    value = wanted.exact[name].value
    errors = np.where(np.isfinite(scale), (got - value) / np.maximum(scale, 2.0**-126), 0.0)
    small = bool(np.all(np.abs(errors) <= terms) and np.all(errors[scale == 0] == 0))
    signed = any(bool(np.any(np.asarray(each) < 0)) for each in case.arguments)
    leans = signed and bool(np.abs(errors.sum()) > 2 * np.sqrt(terms * errors.size))
    return small and not leans and bool(np.sum(errors**2) <= 0.4 * terms * errors.size)


def derived(case: Case, name: str, got: np.ndarray, wanted: Wanted) -> bool:
    """The tolerance that is derived for each element."""
    admits_nan = oracle.may_be_nan(case, name)
    return bool(np.all(oracle.ratios(got, wanted.exact[name], admits_nan)[0] <= 1))


RULES: dict[str, tuple[str, Rule]] = {
    "KernelBench, 1e-2": ("rtol = atol = 1e-2, its first rule", allclose(1e-2, 1e-2)),
    "KernelBench, 1e-4": ("rtol = atol = 1e-4, float32 since 2025", allclose(1e-4, 1e-4)),
    "robust-kbench": ("rtol = atol = 1e-5", allclose(1e-5, 1e-5)),
    "SOL-ExecBench": ("rtol = atol = 1e-2 for 99 % of the elements", allclose(1e-2, 1e-2, 0.99)),
    "FlashInfer-Bench": ("absolute or relative error up to 1e-2, all finite", flashinfer),
    "GPU MODE": ("rtol = atol = 1e-3, as many of its problems have it", allclose(1e-3, 1e-3)),
    "torch.testing": ("rtol = 1.3e-6, atol = 1e-5", allclose(1.3e-6, 1e-5)),
    "ONNX node tests": ("rtol = 1e-3, atol = 1e-7", allclose(1e-3, 1e-7)),
    "TOSA, dot products": ("each error, their sum and their squares; dense and neuron alone", tosa),
    "gaugeblock": ("the derived tolerance of each element", derived),
}
DOT_PRODUCTS = "TOSA, dot products"
