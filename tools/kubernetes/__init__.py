"""A real control plane of Kubernetes on this machine: etcd, API server, controller manager and scheduler."""
