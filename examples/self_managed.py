"""Self-managed nodes: Auto Scaling groups, and volumes under a key of the account."""

from __future__ import annotations

from dataclasses import replace

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from blueprint import SelfManagedNodes, Taint
from examples.managed import MANAGED
from examples.shared import KEY

SELF_MANAGED = replace(
    MANAGED,
    name="self-managed",
    compute=(
        SelfManagedNodes(
            "al2023", instance_types=("m7i.large",), labels={"example.com/pool": "a"}, taints=(Taint("example.com/a"),)
        ),
        SelfManagedNodes("bottlerocket", instance_types=("m7g.large", "m6g.large"), os="BOTTLEROCKET", capacity="SPOT"),
    ),
    addons=(
        *(addon for addon in MANAGED.addons if addon != AwsEbsCsiDriver()),
        AwsEbsCsiDriver(kms_key_arn=KEY),
        AwsLoadBalancerController(wafv2=True, shield=True),
    ),
)
