"""What containers write to their output, in CloudWatch Logs. https://github.com/aws/aws-for-fluent-bit"""

from __future__ import annotations

from dataclasses import replace

from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from blueprint.addons import (
    EVERYTHING,
    CallsAws,
    ClusterFacts,
    Contribution,
    HelmAddon,
    ImageSource,
    Statement,
    Values,
)
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import NOT_ON_FARGATE, daemon, on_linux
from blueprint.contribution import LogGroup
from blueprint.network import LogRetentionDays

_STREAM = ".".join(f"$kubernetes['{each}_name']" for each in ("namespace", "pod", "container"))


class AwsForFluentBit(CallsAws, HelmAddon):
    """Into a log group that it makes, `/aws/eks/<cluster>/containers`, encrypted and with an end: a stream for each
    container. It may write there and nowhere else, and reads what every pod of its node writes.
    """

    name = "aws-for-fluent-bit"
    lost = "what containers write is lost with them; what is in CloudWatch Logs stays"
    namespace = "fluent-bit"
    service_account = "aws-for-fluent-bit"
    pod_security = "privileged"
    for_nodes = True
    conflicts = (AmazonCloudWatchObservability,)
    chart = locked_chart(name)
    workloads = (daemon(name, service_account=service_account, ports=(2020,), cpu="50m"),)
    images = (ImageSource("public.ecr.aws/aws-observability/aws-for-fluent-bit", ("image.repository",)),)

    retention_days: LogRetentionDays = 90
    """How long lines are kept."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("logs",)

    def group(self, facts: ClusterFacts) -> str:
        """Name of the log group."""
        return f"/aws/eks/{facts.name}/containers"

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        streams = facts.arn("logs", f"log-group:{self.group(facts)}:log-stream:*")
        why = "a stream is named after the container"
        return (Statement(("logs:CreateLogStream", "logs:PutLogEvents"), (streams,), reason=why),)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        group = LogGroup(self.group(facts), self.retention_days)
        return replace(super().contribute(facts), resources=(group,))

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "serviceAccount": {"name": self.service_account},
            "cloudWatchLogs": {
                "region": facts.region,
                "logGroupName": self.group(facts),
                "logStreamTemplate": _STREAM,
                "autoCreateGroup": False,
            },
            "tolerations": [dict(each) for each in EVERYTHING],
            "affinity": NOT_ON_FARGATE,
            **on_linux(facts),
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
        }
