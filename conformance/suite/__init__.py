"""The tests that ``pytest --pyargs gaugeblock.conformance`` runs on a subject: its requirements, and its properties."""
