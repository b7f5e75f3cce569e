"""How to cite gaugeblock: the versions that a verdict depends on, and the hashes of the vectors and of the judge."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from ... import __version__, spec

AUTHORS = "The gaugeblock maintainers"
TITLE = "gaugeblock: the gauge for neural-network arithmetic"
RELEASED = "2026-12-01"
# The SHA-256 of vectors/MANIFEST, which names that of each file; an installed package has no vectors.
MANIFEST = "1b43fa04fb5de7ccfd46f3d3c5f31fe45023039247909ebf647a4d49661c8464"

BIBTEX = """\
@misc{{gaugeblock-{version},
  author = {{{{{authors}}}}},
  title = {{{{{title}}}}},
  year = {{{year}}},
  version = {{{version}}},
  note = {{Computer software, version {version}, specification {specification}; {hash}}},
}}"""
APA = "{authors}. ({year}). {title} (Version {version}; specification {specification}) [Computer software]. {hash}."
PLAIN = "{authors}, {title}, version {version}, specification {specification}, {year}; {hash}."

RIS = """\
TY  - COMP
AU  - {authors}
TI  - {title}
PY  - {year}
DA  - {slashes}
ET  - {version}
N1  - Specification {specification}; {hash}
ER  - """
CFF = """\
cff-version: 1.2.0
message: If you use gaugeblock, please cite it with the versions of the package and of the specification.
type: software
title: "{title}"
abstract: >-
  Specification, reference, backends and a conformance suite with derived tolerances
  for the formulas of neural networks.
authors:
  - name: {authors}
version: {version}
date-released: "{date}"
license: Apache-2.0
keywords: [array-api, conformance, neural-network, numerics, reference, verification]
identifiers:
  - type: other
    value: specification {specification}
    description: The version of the specification.
  - type: other
    value: sha256:{manifest}
    description: The SHA-256 of vectors/MANIFEST, which names that of each file of the vectors."""
# cffconvert makes these too, but wants jsonschema 3, which cannot be installed beside the one that the tests use.
FORMATS = {"bibtex": BIBTEX, "apa": APA, "ris": RIS, "cff": CFF}


def citation(form: str = PLAIN, manifest: str = MANIFEST, specification: str = spec.VERSION) -> str:
    """The citation of this version in a form, such as ``BIBTEX`` or ``PLAIN``, with the hash of the vectors.

    `specification` is the version that was judged.
    """
    return form.format(
        authors=AUTHORS,
        title=TITLE,
        year=RELEASED[:4],
        version=__version__,
        specification=specification,
        date=RELEASED,
        slashes=RELEASED.replace("-", "/"),
        manifest=manifest,
        hash=f"SHA-256 of the vectors' MANIFEST {manifest}",
    )


@lru_cache(maxsize=1)
def judge_sha256() -> str:
    """The SHA-256 of the judge: of the names and the hashes of all files that a verdict depends on."""
    package = resources.files("gaugeblock")
    parts = "backends", "conformance", "reference", "spec", "worker"
    texts = dict(pair for part in parts for pair in files_of(package.joinpath(part), part))
    texts["names.py"] = package.joinpath("names.py").read_bytes()
    lines = (f"{hashlib.sha256(texts[name]).hexdigest()}  {name}\n" for name in sorted(texts))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def files_of(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the names and the contents of a folder's files, but for what Python compiled."""
    for each in folder.iterdir():
        path = f"{name}/{each.name}"
        if each.is_dir():
            yield from () if each.name == "__pycache__" else files_of(each, path)
        elif each.name.endswith((".py", ".md", ".json", ".html")):
            yield path, each.read_bytes()
