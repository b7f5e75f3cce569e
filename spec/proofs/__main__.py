"""``python -m gaugeblock.spec.proofs``: run all proofs. The exit status is 0 if each of them is one."""

import sys

from . import failures, names

status = 0
for name in names():
    try:
        wrong = failures(name)
    except (FileNotFoundError, ImportError) as error:
        wrong = [f"it cannot be run: {error}; install Gappa, Coq and sympy"]
    print(f"{name}: {'; '.join(wrong) or 'proved'}")
    status = 1 if wrong else status
sys.exit(status)
