"""The plan of a cluster as a folder of a Git repository, which Argo CD or Flux keeps applied."""
