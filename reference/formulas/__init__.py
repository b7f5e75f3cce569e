"""The formulas, a module each."""
