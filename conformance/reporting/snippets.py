"""How a failure is reproduced: Python code, and the command that asks a program alone."""

import shlex
from typing import Any

Fields = dict[str, Any]  # an object of the JSON document


def snippet(report: Fields, result: Fields) -> str:
    """Python code that calls the subject on the worst input."""
    worst, device = result["worst"], report["device"]
    if "steps" in worst["arguments"] and not worst["source"]:  # many calls of gaugeblock's own, which the judge makes
        asked = f"--formula {result['formula']} --dtype {result['dtype']}"
        subject = f"--exec {shlex.quote(report['subject'])}" if report["command"] else report["subject"]
        return f"# many steps: gaugeblock check {subject} {asked}"
    where = f", seed={report['seed']}" + (f", device={device!r}" if device != "cpu" else "")
    where += f", formula={worst['source']!r}" if worst["source"] else ""
    subject = "program" if report["command"] else repr(report["subject"])
    given = f"{subject}, {worst['case']!r}, {result['dtype']!r}{where}"
    imports = ["from gaugeblock.conformance import assert_conforms, reproduce"]
    calls = [
        f"function, arguments, case = reproduce({given})",
        "output = function(*arguments, **case.options)",
        "assert_conforms(output, case.formula, *case.arguments, **case.options)",
    ]
    if worst["made"]:  # whose bound is that of the compact call
        imports = ["from gaugeblock.conformance import reproduce"]
        calls[-1:] = of_element(worst, result["reason"])
    elif worst["exact"] and worst["index"] is not None and worst["bound"] == 0:
        # assert_conforms grants the bound of the formula; here the result has to be the exact one.
        imports = ["import numpy as np\n", "from gaugeblock.conformance import expected, reproduce"]
        calls[-1] = "value, _ = expected(case.formula, *case.arguments, **case.options)"
        calls.append("np.testing.assert_equal(output, value)")
    elif worst["index"] is None and result["requirement"].endswith((".pure", ".donate")):
        calls[-1] += f"  # passes: it sees values only, but {result['reason']}"
    if report["command"]:
        imports.append("from gaugeblock.conformance.exchange.program import Program")
        calls = [f"with Program({report['command']!r}) as program:", *(f"    {line}" for line in calls)]
    return "\n".join([*imports, "", *calls])


def of_element(worst: Fields, reason: str) -> list[str]:
    """Python code that holds the worst element against what it should be."""
    name = worst["output"].partition(" ")[0]
    if worst["index"] is None:
        return [f"print(output)  # {reason}"]
    lines = [f"found = float(case.formula.named(output)[{name!r}][{', '.join(map(str, worst['index'])) or '()'}])"]
    if isinstance(worst["expected"], str):
        return [*lines, f"assert str(found) == {worst['expected']!r}, found"]
    return [*lines, f"assert abs(found - {worst['expected']!r}) <= {worst['bound']!r}, found"]


def piped(report: Fields, request: str) -> str:
    """The command that asks a program by a request alone."""
    return f"printf '%s\\n' {shlex.quote(request)} | {shlex.join(report['command'])}"
