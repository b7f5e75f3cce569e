"""Two guards: the wheel holds exactly the tracked files, and the type checker reads every module."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("spec", "reference", "backends", "conformance")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path]


def test_the_wheel_built_from_the_sdist_holds_exactly_the_tracked_files(tmp_path):
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {f"gaugeblock/{path}" for path in tracked() if path.split("/")[0] in PARTS}
    wanted |= {"gaugeblock/__init__.py", "gaugeblock/py.typed"}
    assert held == wanted


def test_the_type_checker_reads_every_module():
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    modules = [path for path in tracked() if path.endswith(".py") and path.split("/")[0] in (*PARTS, "src")]
    assert json.loads(done.stdout)["summary"]["filesAnalyzed"] == len(modules)
