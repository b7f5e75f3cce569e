"""Adam: its step, and its lines where a subject has them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from ...reference import AdamState
from ..arithmetic.device_arrays import asarray
from ..arithmetic.rounding import at_least_float32
from . import Case, case, finfo
from .adam_cases import all_cases
from .adam_steps import FORMS, first_moment_lerp, negative_rates, over_steps

# What each result of the step answers for, in a case about another one.
LINES = {"theta": "adam.update", "m": "adam.first_moment", "v": "adam.second_moment"}
ABOUT = {
    "theta": {"update", "bias_correction", "epsilon", "late_steps"},
    "m": {"first_moment", "state"},
    "v": {"second_moment", "state"},
}


def label_of(case: Case, result: str) -> str:
    """The requirement that a result of a case is judged by: the case's, unless that is about another result."""
    if case.steps:
        return "adam.donate" if "donate" in case.options else "adam.trajectory"
    about = case.requirement.partition(".")[2]
    elsewhere = any(about in others for other, others in ABOUT.items() if other != result) or about == "step"
    return LINES[result] if result in LINES and elsewhere and about not in ABOUT[result] else case.requirement


def scale(call: Any, result: str) -> Any:
    """The parameters are a term of what they become."""
    return np.abs(call.arguments[0].astype(np.float64))


def open_elements(theta: Any, grad: Any, state: AdamState, **options: Any) -> tuple[Any, Any, Any]:
    """What is made of a gradient whose square overflows, and theta where v' may be 0 and epsilon is."""
    info, beta2 = finfo(at_least_float32(theta.dtype)), options.get("beta2", 0.999)
    square = asarray(grad, np.float64) ** 2
    overflows = square > float(info.max)
    second = beta2 * asarray(state.v, np.float64) + (1 - beta2) * square
    idle = (second < float(info.smallest_normal)) & (options.get("epsilon", 1e-8) == 0)
    return overflows | idle, np.False_, overflows


def open_in_update(theta: Any, m_hat: Any, v_hat: Any, learning_rate: Any, epsilon: Any) -> Any:
    """Where v_hat is 0 and so is epsilon."""
    return (v_hat == 0) & (epsilon == 0)


def coasting(function: str, label: str, dtype: np.dtype[Any]) -> Iterator[Case]:
    """A step without a gradient from a small state, whose quotient is no small number."""
    kept, rng = at_least_float32(dtype), np.random.default_rng(29)
    still, m, v = np.zeros(10, dtype), 1e-13 * rng.normal(size=10), 1e-26 * rng.uniform(0.5, 2, 10)
    state, note = AdamState(6, m.astype(kept), v.astype(kept)), "a small state is taken for none, or for one at rest"
    yield case(function, f"{label}.zero_gradient", "small_state", note, still, still.copy(), state, epsilon=1e-12)


DETAILS: dict[str, dict[str, Any]] = {
    "adam_first_moment": {"forms": {"lerp": first_moment_lerp}},
    "adam_step": {
        "forms": FORMS,
        "label_of": label_of,
        "scale": scale,
        "over_steps": over_steps,
        "made": partial(coasting, "adam_step", "adam"),
        "donation": "donate",
        "state_type": AdamState,
        "state_dtype": at_least_float32,
        "open": open_elements,
        "may_refuse": negative_rates,
    },
    "adam_update": {"open": open_in_update},
}


def cases(dtype: np.dtype[Any], seed: int) -> Iterator[Case]:
    """Those of the step and of its lines; in half precision of the step alone, since its lines are in float32."""
    return (case for case in all_cases(dtype, seed) if case.function == "adam_step" or dtype.itemsize >= 4)
