"""``gaugeblock cite``."""

from typing import Annotated

import typer

from ..reporting.citation import APA, BIBTEX, FORMATS, PLAIN, citation
from .terminal import citation_formats, one_of


def cite(
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="bibtex, apa, ris or cff. [default: BibTeX, APA and plain text]",
            autocompletion=citation_formats,
        ),
    ] = None,
) -> None:
    """Print how to cite gaugeblock."""
    one_of("--format", form, FORMATS)
    print("\n\n".join(map(citation, (BIBTEX, APA, PLAIN) if form is None else (FORMATS[form],))))
