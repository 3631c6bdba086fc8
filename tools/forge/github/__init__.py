"""The gate in GitHub: run by a `workflow_run` workflow, which has the default branch's code and a token."""
