"""Tells of what processes on the nodes do and should not. https://falco.org"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from blueprint.addons import EVERYTHING, ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import NOT_ON_FARGATE, daemon, on_linux, resources
from blueprint.fields import matches

RuleFile = Annotated[
    str, matches(r"[a-z0-9][a-z0-9-]{0,62}\.yaml", "must be the name of a file", 'write for example "platform.yaml"')
]
Priority = Literal["critical", "error", "warning", "notice", "informational"]
_ENGINES = ("docker", "podman", "lxc", "libvirt_lxc", "bpm", "containerd")
"""Runtimes that nodes of EKS do not have, and one that is read by the socket of another."""
_SOCKETS = ["/run/containerd/containerd.sock", "/run/host-containerd/containerd.sock"]
"""Of AL2023; of Bottlerocket that of its own containers."""


class Falco(HelmAddon):
    """One pod on each node looks at system calls by eBPF, with four capabilities and not as a privileged one. What it
    finds are lines of JSON in its log, for whatever collects logs. Its rules come from ghcr.io and move by themselves.
    """

    name = "falco"
    lost = "nobody is told what processes do"
    namespace = "falco"
    pod_security = "privileged"
    for_nodes = True
    chart = locked_chart(name, notes="https://github.com/falcosecurity/charts/releases/tag/falco-{version}")
    workloads = (daemon(name, service_account=name, ports=(8765,)),)
    images = (
        ImageSource("docker.io/falcosecurity/falco", (), ("image.registry",)),
        ImageSource("docker.io/falcosecurity/falcoctl", (), ("falcoctl.image.registry",)),
    )

    priority: Priority = "notice"
    """Of the least that it tells."""
    rules: Mapping[RuleFile, str] = field(default_factory=dict)
    """Files of your own rules, as https://falco.org/docs/concepts/rules has them; they are read after Falco's."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "driver": {"kind": "modern_ebpf", "modernEbpf": {"leastPrivileged": True}},
            "collectors": {
                "containerEngine": {
                    "engines": {
                        **{engine: {"enabled": False} for engine in _ENGINES},
                        "cri": {"sockets": _SOCKETS},
                    }
                }
            },
            "falco": {
                "json_output": True,
                "priority": self.priority,
                "syslog_output": {"enabled": False},
                "log_syslog": False,
            },
            "customRules": dict(self.rules),
            "tolerations": [dict(each) for each in EVERYTHING],
            "affinity": NOT_ON_FARGATE,
            **on_linux(facts),
            "controller": {"daemonset": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}},
            "resources": resources("100m", "512Mi"),
        }
