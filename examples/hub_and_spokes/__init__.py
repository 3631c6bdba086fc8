"""A hub that delivers to four clusters in three accounts: each a file, and no spoke has a function with kubectl."""
