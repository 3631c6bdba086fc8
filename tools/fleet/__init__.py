"""The fleet, for people and pipelines."""
