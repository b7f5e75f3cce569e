"""The command line, a module a command."""

from .app import main as main
