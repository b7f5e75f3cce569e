"""What each formula communicates when it is sharded, as XLA compiles it and as DTensor runs it.

    python examples/sharded/communication.py

writes the table into docs/sharded.md.
"""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=8")
sys.path.append(str(Path(__file__).parent))
import jax
import jax.numpy as jnp
import jax_mesh
import numpy as np
import torch
import torch_dtensor
from axes import ALONG, along_of, example_axes, formulas
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Replicate
from torch.distributed.tensor.experimental import implicit_replication
from torch.utils._python_dispatch import TorchDispatchMode

from gaugeblock import reference
from gaugeblock.conformance.formulas import declared as declared_as
from gaugeblock.reference.declaration import is_range

PAGE = Path(__file__).parent.parent.parent / "docs" / "sharded.md"
START, END = "<!-- communication: python examples/sharded/communication.py -->\n", "<!-- end of communication -->\n"
LENGTHS = {"batch": 24, "parameters": 40, "classes": 56}
NAMES = {"batch": "b", "parameters": "n", "classes": "c"}
SCALARS = {"count": 2}  # of all others 0.5, which is in every range
PROCESSES = 2
KINDS = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"
COLLECTIVE = re.compile(rf" = (.*?) ({KINDS})(?:-start)?\((.*)")  # the shapes of its results before its name
SHAPE = re.compile(r"\w\d+\[([\d,]*)\]")


def example(formula: str) -> tuple[Any, ...]:
    """Arguments of a formula, as NumPy arrays whose axes have lengths of their own."""
    declared = declared_as(formula)
    shapes = iter([[LENGTHS[along_of(declared, name)] for name in names] for names in example_axes(declared)])

    def one(kind: str) -> Any:
        if kind == "count" or is_range(kind):
            return SCALARS.get(kind, 0.5)
        return np.ones(next(shapes), np.int32 if kind == "index" else np.float32)

    def argument(kind: Any) -> Any:
        parts = map(one, kind) if isinstance(kind, tuple) else ()
        return declared.state_of(dict(zip(declared.state_names, parts, strict=True))) if parts else one(kind)

    return tuple(map(argument, declared.domain))


def shape_name(shape: list[int], devices: int) -> str:
    """A shape in letters; axes of length 1 are left out."""
    letters = {length: NAMES[kind] for kind, length in LENGTHS.items()}
    letters |= {length // devices: f"{name}/d" for length, name in letters.items()}
    letters[LENGTHS["batch"] * devices] = "db"
    return f"[{', '.join(letters.get(length, str(length)) for length in shape if length != 1)}]"


def in_xla(formula: str, along: str) -> list[str]:
    """The collectives of the program that XLA makes of a formula."""
    arguments = jax.tree.map(lambda a: jnp.asarray(a) if isinstance(a, np.ndarray) else a, example(formula))
    lowered = jax_mesh.compiled(formula).lower(*jax_mesh.shard(formula, along, arguments))
    text, found = lowered.compile().as_text(), []
    for shapes, kind, rest in COLLECTIVE.findall(text):
        if reducer := re.search(r"to_apply=(%[\w.-]+)", rest):
            kind = re.search(rf"^{re.escape(reducer[1])} .*?ROOT \S+ = \S+ (\w+)\(", text, re.M | re.S)[1]
        kind = {"maximum": "max", "add": "sum"}.get(kind, kind)
        found += [f"{kind} {shape_name(sizes(each), jax.device_count())}" for each in SHAPE.findall(shapes)]
    return sorted(found)


def sizes(text: str) -> list[int]:
    """The numbers of a shape such as '16,4'."""
    return [int(each) for each in text.split(",") if each]


class Collectives(TorchDispatchMode):
    """Notes what is sent between the processes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Note a collective, and call it."""
        if any(issubclass(each, DTensor) for each in types):
            return NotImplemented  # so that it comes again, as what each process does
        name = function._schema.name.removeprefix("_c10d_functional::")
        if name.startswith(("all_", "reduce_")):
            other = name.removesuffix("_tensor").removesuffix("_into").replace("_", "-")
            kind = args[1] if name == "all_reduce" else other
            self.found.append(f"{kind} {shape_name(list(args[0].shape), PROCESSES)}")
        return function(*args, **(kwargs or {}))


def whole_sums(results: Any) -> None:
    """Add up what DTensor leaves as a sum that each process has a part of."""
    for result in torch.utils._pytree.tree_leaves(results):
        if isinstance(result, DTensor) and any(place.is_partial() for place in result.placements):
            result.redistribute(placements=[Replicate()])


def in_dtensor(formula: str, along: str, mesh: DeviceMesh) -> list[str]:
    """The collectives of a formula on DTensors."""
    arguments = torch.utils._pytree.tree_map(
        lambda a: torch.tensor(a) if isinstance(a, np.ndarray) else a, example(formula)
    )
    given = torch_dtensor.shard(formula, along, arguments, -1, mesh)
    with implicit_replication(), Collectives() as collectives:
        whole_sums(getattr(reference, formula)(*given))
    return sorted(collectives.found)


def all_in_dtensor(mesh: DeviceMesh, result: Path) -> None:
    """Write the collectives of all formulas to a file."""
    lines = [" + ".join(in_dtensor(formula, along, mesh)) for along in ALONG for formula in formulas(along)]
    if mesh.get_rank() == 0:
        result.write_text("\n".join(lines))


def table() -> str:
    """The table in Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        torch_dtensor.launch(all_in_dtensor, PROCESSES, 60, result := Path(folder) / "lines")
        lines = iter(result.read_text().split("\n"))
    alike: dict[tuple[str, str, str], list[str]] = {}
    for along in ALONG:
        for formula in formulas(along):
            costs = " + ".join(in_xla(formula, along)) or "nothing", next(lines) or "nothing"
            alike.setdefault((along, *costs), []).append(f"`{formula}`")
    rows = [f"| {along} | {', '.join(names)} | {xla} | {dtensor} |" for (along, xla, dtensor), names in alike.items()]
    return "\n".join(["| along | formula | XLA, under jit | DTensor |", "|---|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    before, rest = PAGE.read_text().split(START)
    PAGE.write_text(f"{before}{START}\n{table()}\n{END}{rest.split(END)[1]}")
