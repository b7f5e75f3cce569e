"""The formulas on PyTorch's DTensors, over several processes: `python examples/sharded/torch_dtensor.py --processes 4`.

Every process judges the same cases in the same order, as a training script would run; the first prints the report. The
processes meet in a file, not at a port. One that raises or dies ends them all; for one that hangs they wait `--timeout`
seconds.
"""

import datetime
import sys
import tempfile
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import optree
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import typer
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.experimental import implicit_replication

from gaugeblock import reference
from gaugeblock.conformance import check
from gaugeblock.conformance.cli.terminal import console_for
from gaugeblock.conformance.reporting.terminal import print_report

sys.path.append(str(Path(__file__).parent))
from axes import ALONG, formulas, sharded_axes


class ProcessError(BaseException):
    """One process cannot go on, and the others must not wait for it: no Exception, which the judge would go on from."""


def shard(formula: str, along: str, arguments: Any, axis: int, mesh: DeviceMesh) -> Any:
    """The arguments as DTensors: along one axis each is divided, along the others it is whole."""
    leaves, structure = optree.tree_flatten(arguments)
    shapes = [tuple(leaf.shape) for leaf in leaves if isinstance(leaf, torch.Tensor)]
    axes, length = sharded_axes(formula, along, shapes, axis)
    if along == "classes" and -(-length // mesh.size()) * (mesh.size() - 1) >= length:
        raise NotImplementedError(f"{length} classes leave one of {mesh.size()} processes none to take the maximum of")
    place = iter(axes)

    def put(tensor: torch.Tensor) -> DTensor:
        where = next(place)
        placement = Replicate() if where is None else Shard(where)
        return distribute_tensor(tensor, mesh, [placement], src_data_rank=None)  # each process has the whole

    return optree.tree_unflatten(structure, [put(leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves])


def call(formula: str, along: str, mesh: DeviceMesh, *arguments: Any, **options: Any) -> Any:
    """A formula, of sharded arguments; its results whole."""
    given = shard(formula, along, arguments, options.get("axis", -1), mesh)
    try:
        with implicit_replication():  # of what the reference makes itself
            results = getattr(reference, formula)(*given, **options)
        return optree.tree_map(lambda r: r.full_tensor() if isinstance(r, DTensor) else r, results)
    except Exception as error:
        if "redistribut" in str(error):  # what DTensor has no rule for, as every process finds before it communicates
            raise NotImplementedError(f"DTensor: {str(error).partition('. ')[0]}") from None
        raise ProcessError(f"process {dist.get_rank()}: {formula} raised {type(error).__name__}: {error}") from error


def subject(along: str, mesh: DeviceMesh) -> types.SimpleNamespace:
    """All formulas that can be sharded along the batch, the classes or the parameters."""
    functions = {formula: partial(call, formula, along, mesh) for formula in formulas(along)}
    # Its processes wait for one another, in the order of the calls.
    return types.SimpleNamespace(__name__=f"DTensor, {along}", backend="torch", threads=False, **functions)


def launch(function: Callable[..., None], processes: int, timeout: float, *arguments: Any) -> None:
    """Call ``function(mesh, *arguments)`` in each of several processes.

    Raises
    ------
    RuntimeError
        One of them raised, died, or kept the others waiting for longer than `timeout` seconds; all have ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = f"file://{folder}/store", processes, timeout, function, arguments
            mp.start_processes(one_process, given, processes, start_method="fork")  # with what is imported here
        except (mp.ProcessRaisedException, mp.ProcessExitedException) as error:
            raise RuntimeError(str(error).strip().splitlines()[-1]) from None


def one_process(rank: int, meet: str, processes: int, timeout: float, function: Any, arguments: Any) -> None:
    """What each process does."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", meet, datetime.timedelta(seconds=timeout), processes, rank)
    try:
        function(DeviceMesh("cpu", list(range(processes))), *arguments)
        dist.barrier()
    except ProcessError as error:
        raise RuntimeError(" ".join(str(error).split())) from None
    dist.destroy_process_group()


def judge(mesh: DeviceMesh, along: list[str], chosen: list[str] | None, result: Path) -> None:
    """Judge the formulas, and let the first process print the report and write down whether all conform."""
    reports = [check(subject(kind, mesh), chosen, ["float32"], made=False) for kind in along]
    if mesh.get_rank() == 0:
        for report in reports:
            print_report(report.to_dict(), console_for(sys.stdout))
        result.write_text("conforms" if all(report.passed for report in reports) else "fails")


def main(
    processes: Annotated[int, typer.Option(min=2, help="How many processes share each array.")] = 2,
    along: Annotated[list[str], typer.Option(help="batch, classes or parameters; may be repeated.")] = [*ALONG],  # noqa: B006
    formula: Annotated[list[str] | None, typer.Option(help="Judge this formula only; may be repeated.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that processes wait for one another.")] = 60,
) -> None:
    """Judge the formulas in float32 on sharded tensors. Exit status: 0 conforms, 1 does not, 2 a process failed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            launch(judge, processes, timeout, along, formula, result := Path(folder) / "verdict")
        except RuntimeError as error:
            print(f"torch_dtensor.py: {error}", file=sys.stderr)
            raise typer.Exit(2) from None
        raise typer.Exit(int(result.read_text() != "conforms"))


if __name__ == "__main__":
    typer.run(main)
