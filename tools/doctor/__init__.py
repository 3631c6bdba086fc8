"""Whether an account is ready for a cluster."""
