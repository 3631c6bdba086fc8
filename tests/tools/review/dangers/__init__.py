"""Dangers of a change."""
