"""Shared by all tests: Hypothesis is deterministic, and prints what reproduces a failure."""

from hypothesis import settings

settings.register_profile("deterministic", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("deterministic")
