"""How to cite gaugeblock: the versions that a verdict depends on, and the hash of the published vectors."""

from ... import __version__, spec

AUTHORS = "The gaugeblock maintainers"
TITLE = "gaugeblock: the gauge for neural-network arithmetic"
RELEASED = "2026-11-28"
# The SHA-256 of vectors/MANIFEST, which names that of each file; an installed package has no vectors.
MANIFEST = "590cb02c40c7ce120254370cd13a462485c29d5a968bffdea707908ebdd4f9e0"

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
