"""What processes that share DTensors do in the tests of failures: `python processes.py WHAT ...`, one after another."""

import os
import signal
import sys
import threading
import types

import torch
from sharded import torch_dtensor


def softmax(what):
    """A softmax that the last process fails to compute."""

    def failing(x, axis=-1):
        if torch.distributed.get_rank() == 0:
            return torch.softmax(x, axis)  # and waits for what the others have
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        return threading.Event().wait()

    return failing


def judged(mesh, what):
    """Judge the softmax that fails, once it is seen that each process has its part."""
    parts(mesh)
    torch_dtensor.reference = types.SimpleNamespace(softmax=softmax(what))
    torch_dtensor.check(torch_dtensor.subject("classes", mesh), ["softmax"], ["float32"])


def parts(mesh):
    """Each process has its part of the classes, and the rest is as it is."""
    x, labels = torch_dtensor.shard(
        "sparse_categorical_cross_entropy_from_logits", "batch", (torch.zeros(4), torch.zeros(4, 10)), -1, mesh
    )
    assert (x.to_local().shape, labels.to_local().shape) == ((2,), (2, 10))
    (x,) = torch_dtensor.shard("softmax", "classes", (torch.zeros(3, 4, 5),), 1, mesh)
    assert x.to_local().shape == (3, 2, 5)
    layer = torch.zeros(4, 6), torch.zeros(6, 5), torch.zeros(5)
    x, w, b = torch_dtensor.shard("dense", "parameters", layer, -1, mesh)
    assert (x.to_local().shape, w.to_local().shape, b.to_local().shape) == ((4, 3), (3, 5), (5,))


if __name__ == "__main__":
    for what in sys.argv[1:]:
        try:
            torch_dtensor.launch(judged, 2, 3, what)
        except RuntimeError as error:
            print(f"{what}: {error}")
