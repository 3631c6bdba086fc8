"""Refuses a change that loses state, or that EKS refuses, unless somebody accepts it by name."""
