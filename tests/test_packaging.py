"""Guards: the wheel holds exactly the tracked files, the same bytes are built twice, the type checker knows of all."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("spec", "reference", "backends", "worker", "conformance")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path]


def test_the_wheel_built_from_the_sdist_holds_exactly_the_tracked_files(tmp_path):
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {f"gaugeblock/{path}" for path in tracked() if path.split("/")[0] in PARTS}
    wanted |= {
        f"gaugeblock/{name}" for name in ("__init__.py", "__main__.py", "names.py", "pytest_plugin.py", "py.typed")
    }
    assert held == wanted
    (sbom,) = (name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/sboms/" in name)
    assert zipfile.ZipFile(wheel).read(sbom) == (ROOT / "sbom.cdx.json").read_bytes()


HIDDEN = """
import importlib, pkgutil, gaugeblock

def modules(package):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            yield package, importlib.import_module(module.name)
            if module.ispkg:
                yield from modules(importlib.import_module(module.name))

count = 0
for package, module in list(modules(gaugeblock)):
    assert getattr(package, module.__name__.rpartition(".")[2]) is module, module.__name__
    count += 1
print(count)
"""


@pytest.mark.thorough
def test_no_function_hides_a_module():
    done = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def copied(folder, time):
    """The tracked files in another folder, all of one time, for their owner alone if that is late."""
    for path in tracked():
        there = folder / path
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, there, follow_symlinks=False)
        if not there.is_symlink():
            there.chmod(0o600 if time > 1e9 else 0o644)
            os.utime(there, (time, time))
    return folder


def built(folder, out, epoch):
    """The bytes of the sdist and the wheel, by name."""
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"} | epoch
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.mark.thorough
@pytest.mark.parametrize("epoch", [{}, {"SOURCE_DATE_EPOCH": "1700000000"}], ids=["", "SOURCE_DATE_EPOCH"])
def test_the_same_bytes_are_built_twice(epoch, tmp_path):
    first = built(copied(tmp_path / "a", 5e8), tmp_path / "first", epoch)
    second = built(copied(tmp_path / "another/folder", 1.5e9), tmp_path / "second", epoch)
    assert len(first) == 2
    assert first == second
    (sdist,) = (tmp_path / "first").glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    assert built(unpacked, tmp_path / "third", epoch) == first


def test_the_type_checker_is_told_of_every_module():
    """It walks into no link, and says '0 errors' of what it did not read; `.ci/run` counts what it has read."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["basedpyright"]["include"]
    modules = [path for path in tracked() if path.endswith(".py") and path.split("/")[0] in (*PARTS, "src")]
    places = [path if path.startswith("src/") else f"src/gaugeblock/{path}" for path in modules]
    assert [place for place in places if not any(f"{place}/".startswith(f"{each}/") for each in named)] == []
