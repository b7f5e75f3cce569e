"""The formulas on JAX arrays that are sharded over a mesh of devices, under jit: subjects for `gaugeblock check`.

export XLA_FLAGS=--xla_force_host_platform_device_count=8
gaugeblock check examples/sharded/jax_mesh.py:batch examples/sharded/jax_mesh.py:classes
"""

import sys
import types
from functools import cache, partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gaugeblock import reference
from gaugeblock.backends import bind
from gaugeblock.backends import jax as backend

sys.path.append(str(Path(__file__).parent))
from axes import ALONG, formulas, sharded_axes


@cache
def compiled(formula: str) -> Any:
    """A formula of the reference, under jit."""
    return backend.compiled(bind(getattr(reference, formula), jnp))


def is_array(value: Any) -> bool:
    """Whether a leaf of the arguments is an array."""
    return isinstance(value, jax.Array)


def shard(formula: str, along: str, arguments: Any, axis: int = -1) -> Any:
    """The arguments, each array on the mesh: along one axis it is divided, along the others it is whole."""
    leaves, structure = jax.tree.flatten(arguments)
    shapes = [leaf.shape for leaf in leaves if is_array(leaf)]
    axes, length = sharded_axes(formula, along, shapes, axis)
    count = max(count for count in range(1, jax.device_count() + 1) if length % count == 0)
    if count == 1:
        raise NotImplementedError(f"no number of devices up to {jax.device_count()} divides {length} along {along}")
    mesh, place = Mesh(np.array(jax.devices()[:count]), ("devices",)), iter(axes)

    def put(array: Any) -> Any:
        where = next(place)
        spec = () if where is None else (*where * (None,), "devices")
        return jax.device_put(array, NamedSharding(mesh, PartitionSpec(*spec)))

    return jax.tree.unflatten(structure, [put(leaf) if is_array(leaf) else leaf for leaf in leaves])


def call(formula: str, along: str, *arguments: Any, **options: Any) -> Any:
    """A formula, of sharded arguments."""
    with jax.default_matmul_precision("highest"):
        return compiled(formula)(*shard(formula, along, arguments, options.get("axis", -1)), **options)


def subject(along: str) -> types.SimpleNamespace:
    """All formulas, sharded along the batch, the classes or the parameters."""
    functions = {formula: partial(call, formula, along) for formula in formulas(along)}
    return types.SimpleNamespace(__name__=along, backend="jax", **functions)


batch, classes, parameters = (subject(along) for along in ALONG)
