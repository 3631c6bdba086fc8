"""Pipelines of a fleet, as files that people commit."""
