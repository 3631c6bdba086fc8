"""The project's own rules for EKS templates, run by the CDK's validation engine at synth.

cdk-nag knows nothing of `aws_eks_v2`, and the engine's built-in rules check schemas; these check how a cluster ought to
be built. Each `.rego` file is one topic; each rule names its source, and its finding says what to change.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aws_cdk import CloudFormationValidatePlugin, ValidationRuleSource


@cache  # building the engine takes a second or two and much memory, and it keeps no findings
def eks_rules() -> CloudFormationValidatePlugin:
    """The CDK's validation plugin with its built-in rules and this pack, for `Validations.of(app).add_plugins(…)`.

    It goes on the `App`, where it takes the place of the plugin the CDK would add. `CDK_VALIDATION=false` turns off
    only the CDK's own: an app that honours the variable does not add this one, and so saves building the engine.

    Findings fail the synth when `@aws-cdk/core:strictCfnValidateErrors` or `@aws-cdk/core:validateAgainstDefaultRules`
    is true, and are printed as warnings otherwise. An exception is stated beside its cause:
    `Validations.of(cluster).acknowledge(Acknowledgment(id="CloudFormation-Validate::EKS-ENDPOINT-OPEN", reason="…"))`.
    """
    files = sorted(Path(__file__).parent.glob("*.rego"))
    rules = [ValidationRuleSource(name=file.name, content=file.read_text(encoding="utf-8")) for file in files]
    return CloudFormationValidatePlugin(rego_rules=rules)
