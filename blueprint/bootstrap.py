"""What `cdk bootstrap` leaves in an account and region, by the names of the CDK's DefaultStackSynthesizer.

This app uses it as it is; a test compares the names with what is installed.
https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/stack-synthesizers/default-synthesizer.ts
"""

from __future__ import annotations

QUALIFIER = "hnb659fds"
ASSUMED = ("deploy", "file-publishing")
"""Purposes of the roles that `cdk deploy` takes on with a person's or a pipeline's credentials, in this order."""


def role_name(purpose: str, account: str, region: str) -> str:
    """Name of the role for a purpose."""
    return f"cdk-{QUALIFIER}-{purpose}-role-{account}-{region}"
