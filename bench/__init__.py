"""`make bench`: how long synthesis takes, against the same work without Python."""
