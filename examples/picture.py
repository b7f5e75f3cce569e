"""The picture of a report in the README: `python examples/picture.py` draws examples/report.svg."""

import io
import re
from pathlib import Path

from rich.console import Console

from gaugeblock.conformance import check
from gaugeblock.conformance.reporting.terminal import print_report

HERE = Path(__file__).parent

if __name__ == "__main__":
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print("[bold]$ gaugeblock check examples/by_hand.py --dtype float32 --formula adam[/]")
    report = check(str(HERE / "by_hand.py"), formulas=["adam"], dtypes=["float32"])
    report.subject = "examples/by_hand.py"
    print_report(report.to_dict(), console)
    svg = console.export_svg(title="gaugeblock", unique_id="gaugeblock")
    (HERE / "report.svg").write_text(re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S))
