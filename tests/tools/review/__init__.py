"""Reviewing a change."""
