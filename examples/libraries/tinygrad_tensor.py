"""tinygrad on the CPU. It compiles by clang, which the package ziglang has: a script translates the words."""

import os
import sys
import tempfile
from pathlib import Path

SCRIPT = """#!/bin/sh
for word in "$@"; do
  shift
  case "$word" in --target=*) word=--target=x86_64-linux-none ;; esac
  set -- "$@" "$word"
done
exec "{python}" -m ziglang cc "$@" -fPIC -g0 -fno-sanitize=all
"""
compiler = Path(tempfile.mkdtemp(), "clang")
compiler.write_text(SCRIPT.format(python=sys.executable))
compiler.chmod(0o700)
os.environ |= {"DEV": "CPU", "CC": str(compiler), "CACHELEVEL": "0"}

from tinygrad import Tensor  # noqa: E402  after its settings

to_library, dtypes, threads = Tensor, ("float16", "float32", "float64"), False
relu, silu, gelu_tanh, matmul = Tensor.relu, Tensor.silu, Tensor.gelu, Tensor.matmul


def softmax(x, *, axis=-1):
    return x.softmax(axis=axis)


def log_softmax(x, *, axis=-1):
    return x.log_softmax(axis=axis)
