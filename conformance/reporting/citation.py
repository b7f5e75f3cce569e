"""How to cite gaugeblock: the versions that a verdict depends on, and the hash of the published vectors."""

from ... import __version__, spec

AUTHORS = "The gaugeblock maintainers"
TITLE = "gaugeblock: the gauge for neural-network arithmetic"
RELEASED = "2026-11-28"
# The SHA-256 of vectors/MANIFEST, which names that of each file; an installed package has no vectors.
MANIFEST = "05b721ee1fea7c892e4e83a996dffde557cad05a14d65c4e5b67e12428110f1d"

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


def citation(form: str = PLAIN) -> str:
    """The citation of this version in a form: ``BIBTEX``, ``APA`` or ``PLAIN``."""
    return form.format(
        authors=AUTHORS,
        title=TITLE,
        year=RELEASED[:4],
        version=__version__,
        specification=spec.VERSION,
        hash=f"SHA-256 of the vectors' MANIFEST {MANIFEST}",
    )
