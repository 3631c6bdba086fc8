"""What judges the templates at synth: the project's EKS rules, the CDK's own, and two nag packs."""

from __future__ import annotations

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from stacks.rules import eks_rules


def add_validations(app: App) -> None:
    """Findings fail the synth; an exception is acknowledged beside its cause, with the reason."""
    Validations.of(app).add_plugins(eks_rules(), AwsSolutionsChecks(app), NIST80053R5Checks(app))
