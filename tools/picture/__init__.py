"""A cluster as a picture, and what a change does to it."""
