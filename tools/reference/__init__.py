"""Pages about every value that a user writes, made from the types."""
