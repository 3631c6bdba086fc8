"""The way of a cluster to a newer Kubernetes version."""
