"""How a subject is judged: the oracle says what each result should be, and the judge compares."""
