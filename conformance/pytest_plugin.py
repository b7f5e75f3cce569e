"""Where the plugin was in 0.3.0: an installation of that version in editable mode still names this module."""

from ..pytest_plugin import pytest_addoption as pytest_addoption
from ..pytest_plugin import pytest_configure as pytest_configure
