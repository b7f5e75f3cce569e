"""Rewrites: right implementations written another way, none of which may be rejected."""
