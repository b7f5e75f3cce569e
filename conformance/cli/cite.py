"""``gaugeblock cite``."""

from ..reporting.citation import APA, BIBTEX, PLAIN, citation


def cite() -> None:
    """Print how to cite gaugeblock. In BibTeX, APA and plain text, with the versions of package and specification."""
    print("\n\n".join(map(citation, (BIBTEX, APA, PLAIN))))
