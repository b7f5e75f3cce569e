"""Where what is computed once is kept: `--no-cache`, and the environment variable GAUGEBLOCK_CACHE."""

import os
import sys
from pathlib import Path

import typer

from ..judging.kept_expectations import FOLDER, named_folder


def use_cache(wanted: bool) -> None:
    """Keep expectations, and what JAX compiles, in a folder of gaugeblock's own; child processes do so too.

    JAX reads its own variables when it is imported; where they are set already, they stay.
    """
    if not wanted:
        os.environ[FOLDER] = ""
    named = named_folder()
    folder = default() if named is None else named
    if not folder:
        return
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        if named is None:  # nobody asked for it
            return
        wish = "wanted a folder that can be written to, or 0 for none"
        raise typer.TyperException(f"{FOLDER}: got {named!r} ({error.strerror}); {wish}") from None
    os.environ[FOLDER] = str(folder)
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(folder, "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def default() -> str:
    """The folder for caches that the system has, or nothing where there is no home."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "gaugeblock") if base and os.path.isabs(base) else ""
