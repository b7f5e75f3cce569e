"""Whose arrays: an array of one library that is given to the formulas of another is refused, never converted."""

from typing import Any

# What an array is called, by the package that its type comes from, and the backend that takes it.
LIBRARIES = {
    "numpy": ("a NumPy array", "numpy"),
    "jax": ("a JAX array", "jax"),
    "jaxlib": ("a JAX array", "jax"),
    "torch": ("a PyTorch tensor", "torch"),
    "dask": ("a Dask array", "dask"),
    "array_api_strict": ("an array of array-api-strict", "strict"),
}
# The namespaces of which a dtype does not tell whose an array is, with the types that were seen not to be another's:
# NumPy, JAX and Dask share their dtypes, and those of array-api-strict warn if they are compared with these.
SHARED: dict[str, set[type]] = {
    name: set()
    for name in ("numpy", "array_api_compat.numpy", "jax.numpy", "array_api_compat.dask.array", "array_api_strict")
}
# Types of NumPy's whose operators or elements mean something else, and what gives a plain array.
UNFIT = {
    "MaskedArray": ("a masked array, whose mask would be ignored", "as .filled(0) or .data gives"),
    "matrix": ("a numpy.matrix, whose products and axes are others", "as numpy.asarray gives"),
}
ALSO = {("dask", "numpy")}  # Dask computes with NumPy's arrays, as with those of one chunk


def library_of(value: Any) -> tuple[str, str] | None:
    """What an array is called, and the backend that takes it; None for a library that has none."""
    packages = (each.__module__.partition(".")[0] for each in type(value).__mro__)
    return next((LIBRARIES[package] for package in packages if package in LIBRARIES), None)


def refuse_strangers(xp: Any, **values: Any) -> None:
    """Raise TypeError for an array that is not of the namespace's library."""
    name = getattr(xp, "__name__", "")
    taken = next((LIBRARIES[part] for part in name.split(".") if part in LIBRARIES), None)
    refuse_unfit(**values)
    for argument, value in values.items():
        given = library_of(value)
        if given and taken and given != taken and (taken[1], given[1]) not in ALSO:
            backend = f"the {taken[1]} backend takes: convert it, import gaugeblock.backends.{given[1]}"
            raise TypeError(f"{argument}: got {given[0]}; wanted {taken[0]}, as {backend}, or use gaugeblock.reference")
        if name in SHARED:
            SHARED[name].add(type(value))


def refuse_unfit(**values: Any) -> None:
    """Raise TypeError for a masked array or a matrix of NumPy's, which are arrays too."""
    for argument, value in values.items():
        for each in type(value).__mro__:
            if each.__name__ in UNFIT and each.__module__.partition(".")[0] == "numpy":
                got, way = UNFIT[each.__name__]
                raise TypeError(f"{argument}: got {got}; wanted a plain array, {way}")


def refuse_mixtures(**arrays: Any) -> None:
    """Raise TypeError for an array that is not of the first one's library, where no namespace was given."""
    first, *others = arrays
    wanted = library_of(arrays[first])
    for argument in others:
        given = library_of(arrays[argument])
        if given and wanted and given != wanted:
            raise TypeError(f"{argument}: got {given[0]}; wanted {wanted[0]}, as {first} is: convert one of them")
