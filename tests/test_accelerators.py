"""Devices, and the precision of products: what is set for the backends, and what is found in others."""

import json
import re
import types

import accelerator
import numpy as np
import pytest
import torch
import typer

from gaugeblock import backends
from gaugeblock.conformance import check
from gaugeblock.conformance.judging.subject import Subject
from gaugeblock.conformance.mutants.rounding import to_tf32

# A device that multiplies in TF32 unless it is told not to, as software.
COARSE = """
import numpy as np
{declared}

def cut(a):
    bits = np.ascontiguousarray(a, np.float32).view(np.uint32)
    return ((bits + np.uint32({half})) & np.uint32({mask})).view(np.float32).reshape(a.shape)

def dense(x, w, b):
    return cut(x) @ cut(w) + b
"""
CLASSES = {"tf32": ("0x1000", "0xFFFFE000"), "bf16": ("0x8000", "0xFFFF0000")}


@pytest.mark.parametrize("precision", CLASSES)
def test_a_coarse_product_is_named_and_conforms_where_it_is_declared(precision, main, tmp_path):
    half, mask = CLASSES[precision]
    subject = tmp_path / "coarse.py"
    options = "check", subject, "--formula", "dense", "--dtype", "float32"
    subject.write_text(COARSE.format(declared="", half=half, mask=mask))
    done = main(*options)
    assert done.returncode == 1
    assert f"it meets the bound of precision = {precision!r}" in done.stdout
    assert ("TF32" if precision == "tf32" else "bfloat16") in done.stdout
    subject.write_text(COARSE.format(declared=f"precision = {precision!r}", half=half, mask=mask))
    assert main(*options).returncode == 0


@pytest.mark.parametrize(("name", "device"), [("torch", "cuda:99"), ("jax", "tpu"), ("dask", "cuda"), ("numpy", "tpu")])
def test_a_device_that_is_missing_is_one_line(name, device, main):
    done = main("check", name, "--device", device, "--formula", "relu", "--dtype", "float32")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert re.match(rf"gaugeblock: {name}: device: got '{device}'; wanted", line)


def flags():
    return [getattr(where, flag) for where, flag, _ in backends.load("torch").PRECISION]


@pytest.fixture
def tf32():
    """PyTorch as one who asks for speed has it."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.usefixtures("tf32")
def test_the_flags_are_full_for_the_backend_and_come_back(monkeypatch):
    before, gb = flags(), backends.load("torch")
    full, seen = [value for *_, value in gb.PRECISION], []
    assert before != full

    def dense(x, w, b):
        seen.append(flags())
        raise KeyboardInterrupt

    monkeypatch.setattr(gb, "dense", dense)
    with pytest.raises(KeyboardInterrupt):
        check(Subject("torch"), ["dense"], ["float32"])
    assert (seen, flags()) == ([full], before)
    assert torch.get_float32_matmul_precision() == "high"


@pytest.mark.usefixtures("tf32")
def test_a_subjects_own_flags_are_left_to_it_and_found():
    def dense(x, w, b):
        if torch.backends.cuda.matmul.fp32_precision != "ieee":  # what the flag does on a GPU
            x, w = (torch.tensor(to_tf32(array.numpy())) for array in (x, w))
        return x @ w + b

    subject = types.SimpleNamespace(backend="torch", dense=dense)
    words = {result.diagnosis for result in check(subject, ["dense"], ["float32"]).results if result.status == "fail"}
    assert any("precision = 'tf32'" in each for each in words)
    subject.full_precision = backends.load("torch").full_precision  # the same code, with the flags of the backend
    assert check(subject, ["dense"], ["float32"]).passed


def test_jax_asks_for_full_products_and_leaves_the_default_alone():
    import jax

    gb = backends.load("jax")
    x, w, b = (gb.asarray(np.ones(shape, np.float32)) for shape in ((2, 3), (3, 4), 4))
    assert "HIGHEST" in str(jax.make_jaxpr(gb.dense)(x, w, b))
    with Subject(types.SimpleNamespace(backend="jax", dense=jax.numpy.dot)).settings("float32"):
        assert jax.config.jax_default_matmul_precision is None
    with pytest.raises(ValueError, match="wanted"):
        gb.dense(x, x, b)
    assert jax.config.jax_default_matmul_precision is None


@pytest.mark.thorough
def test_the_benchmark_of_an_accelerator(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(accelerator, "ROUNDS", 2)
    monkeypatch.setattr(accelerator, "SECONDS", 0)
    with pytest.raises(typer.Exit) as ended:
        accelerator.main("cpu", ["jax", "torch"], 8, 8, ["relu"], tmp_path)
    assert ended.value.exit_code == 0
    (path,) = tmp_path.glob("*.json")
    found = json.loads(path.read_text())
    assert [report["subject"] for report in found["check"]["reports"]] == ["jax", "torch"]
    for speed in found["speed"].values():
        assert speed.keys() == accelerator.examples(1, 1).keys()
        assert {name for name, each in speed.items() if each["floor"] == "matrix"} == {"dense", "dense_vjp"}
        assert all(each["ratio"] > 0 for each in speed.values())
    assert "time / floor" in capsys.readouterr().out
    with pytest.raises(typer.Exit) as ended:
        accelerator.main("cuda:99", ["torch"], 8, 8, None, tmp_path)
    assert ended.value.exit_code == 2
    assert "device: got 'cuda:99'; wanted" in capsys.readouterr().err
