"""Tells GuardDuty what processes on the nodes do. https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-eks.html"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, ClusterFacts, EksAddon, Workload
from blueprint.addons.lock import locked_versions


class AwsGuardDutyAgent(EksAddon):
    """For accounts where Runtime Monitoring is on and GuardDuty does not keep the agent itself: where it does, it
    installs the same add-on, and both would change it. It needs the endpoint guardduty-data in the VPC, calls no other
    API of AWS and has no role. EKS shows no chart of it.
    """

    name = "aws-guardduty-agent"
    lost = "GuardDuty no longer sees what processes on the nodes do"
    versions = locked_versions(name)
    namespace = "amazon-guardduty"
    for_nodes = True
    workloads = (
        Workload(
            "aws-guardduty-agent",
            kind="DaemonSet",
            # https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-configure-security-agent-eks-addon.html
            cpu="200m",
            tolerations=EVERYTHING,
            on_fargate=False,
            cpu_at=("resources.requests.cpu",),
        ),
    )

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        # https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-guardduty.html
        return ("guardduty-data-fips" if facts.region.startswith("us-gov-") else "guardduty-data",)
