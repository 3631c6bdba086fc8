"""What containers on Fargate write to their output, in CloudWatch Logs, by the log router that Fargate brings.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.addons import Addon, ClusterFacts, Contribution
from blueprint.contribution import LogGroup
from blueprint.errors import Problem
from blueprint.fargate import log_group
from blueprint.kubernetes import Manifest, Namespace
from blueprint.network import LogRetentionDays

_NAMESPACE = "aws-observability"
# The page's own example; the parser is that of containerd's lines.
_FILTERS = """\
[FILTER]
    Name parser
    Match *
    Key_name log
    Parser crio
[FILTER]
    Name kubernetes
    Match kube.*
    Merge_Log On
    Keep_Log Off
    Buffer_Size 0
    Kube_Meta_Cache_TTL 300s
"""
_PARSERS = """\
[PARSER]
    Name crio
    Format Regex
    Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$
    Time_Key time
    Time_Format %Y-%m-%dT%H:%M:%S.%L%z
"""


class FargateLogs(Addon):
    """Into a log group that it makes, `/aws/eks/<cluster>/fargate`, encrypted and with an end. The roles that are made
    for Fargate profiles may write there; one of your own (`FargateProfile.role`) needs that from you.

    Fargate reads it when a pod starts: restart those that were there before.
    """

    name = "fargate-logs"
    lost = "what containers on Fargate write is lost with them; what is in CloudWatch Logs stays"

    retention_days: LogRetentionDays = 90
    """How long lines are kept."""
    router_logs: bool = False
    """Also what the log router says of itself, which costs as much again."""

    @property
    def keeps_fargate_logs(self) -> bool:
        return True

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("logs",)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        if not facts.fargate:
            rule = "it works on Fargate, and the cluster has no FargateProfile"
            yield Problem((), self.name, rule, "add one, or leave it out")

    def contribute(self, facts: ClusterFacts) -> Contribution:
        group = log_group(facts.name)
        return Contribution(
            namespaces=(Namespace(_NAMESPACE, "restricted", ((_NAMESPACE, "enabled"),)),),
            objects=(self._config(facts, group),),
            resources=(LogGroup(group, self.retention_days),),
            aws_services=self.services(facts),
        )

    def _config(self, facts: ClusterFacts, group: str) -> Manifest:
        output = {"Name": "cloudwatch_logs", "Match": "kube.*", "region": facts.region, "log_group_name": group}
        lines = {**output, "log_stream_prefix": "from-fluent-bit-", "auto_create_group": "false"}
        data = {
            "flb_log_cw": str(self.router_logs).lower(),
            "filters.conf": _FILTERS,
            "output.conf": "".join(("[OUTPUT]\n", *(f"    {key} {value}\n" for key, value in lines.items()))),
            "parsers.conf": _PARSERS,
        }
        metadata = {"name": "aws-logging", "namespace": _NAMESPACE}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
