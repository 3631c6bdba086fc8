"""The plan of a cluster as a folder for a Kubernetes outside of AWS, on a laptop for example."""
