"""Files that a command writes: whole or not at all; devices and pipes are written through, and links stay."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import typer

from ...worker.loading import split
from ...worker.text import plain


def refuse(files: Mapping[str, Path], read: Iterable[str | Path] = ()) -> None:
    """Refuse, by option, what cannot be written to, a file that is named twice, and one that the command reads.

    What it `read`s are files, or objects in files, as they are named; other names are passed over.
    """
    own = {identity(path): name for name in map(str, read) if (path := Path(split(name)[0])).is_file()}
    seen: dict[object, str] = {}
    for option, path in files.items():
        refuse_one(option, path)
        key = identity(path)
        if key in own:
            what = f"it is {plain(own[key], 1000)}, which this command reads; name another file"
            raise typer.TyperException(f"{option}: {shown(path)}: {what}")
        if not is_plain(path):
            continue
        if key in seen:
            what = f"{seen[key]}, {option}: got one file for two of them; name a file for each"
            raise typer.TyperException(what)
        seen[key] = option


def refuse_one(option: str, path: Path) -> None:
    """Refuse a path that nothing can be written to."""
    reason, folder = "", Path(os.path.realpath(path)).parent
    if str(path) == "-":
        what = "wanted a file: only --json of check and of compare takes - for standard output"
        raise typer.TyperException(f"{option}: got -; {what}")
    if path.is_dir():
        reason = "it is a folder"
    elif is_plain(path) and not folder.is_dir():
        reason = "Not a directory" if folder.exists() else "No such file or directory"
    elif not os.access(folder if is_plain(path) else path, os.W_OK):
        reason = "Permission denied"
    if reason:
        raise typer.TyperException(cannot(option, path, reason))


def write(option: str, path: Path, text: str) -> None:
    """Write a file; TyperException if it cannot be."""
    try:
        if not is_plain(path):
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            return
        target = Path(os.path.realpath(path))  # a link stays, and what it names is replaced
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".gaugeblock-")
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~current_umask())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise typer.TyperException(cannot(option, path, error.strerror or str(error))) from None


@contextmanager
def replaced(option: str, path: Path, read: Iterable[str | Path] = ()) -> Iterator[list[str]]:
    """Yield a list for the text of a file, which is written at the end; complain at once if it cannot be."""
    refuse({option: path}, read)
    text: list[str] = []
    yield text
    write(option, path, "".join(text))


def is_plain(path: Path) -> bool:
    """Whether a path is that of a plain file, or of one that may come to be."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


def identity(path: Path) -> object:
    """What two names have in common that name one file."""
    with contextlib.suppress(OSError):
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode):
            return found.st_dev, found.st_ino
    return os.path.realpath(path)


def current_umask() -> int:
    """The permissions that new files do not get; mkstemp gives fewer still."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def cannot(option: str, path: Path, reason: str) -> str:
    return f"{option}: {shown(path)}: cannot be written: {reason}; name a file that can"


def shown(path: Path) -> str:
    """A path as text that can be printed."""
    return plain(str(path), 1000)
