"""Comparing two revisions."""
