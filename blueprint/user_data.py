"""The forms of what nodes are told when they start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from blueprint.errors import Problem

if TYPE_CHECKING:
    from blueprint.facts import ClusterFacts

_BOUNDARIES = ("--NodeConfig", "--//", "</powershell>")
"""A line with one of these ends a part: ours, and that of Karpenter, which writes all parts anew
(karpenter-provider-aws v1.14.1 pkg/providers/amifamily/bootstrap/mime/mime.go:34), and that of Windows."""


def settings(bottlerocket: Mapping[str, Any]) -> str:
    """Of Bottlerocket, as TOML."""
    import tomli_w  # here, since the gate of pull requests runs without any package

    return tomli_w.dumps({"settings": bottlerocket})


def multipart(script: str, config: str) -> str:
    """A script and a NodeConfig for Amazon Linux 2023; the script runs between nodeadm's two steps, before the kubelet
    starts: amazon-eks-ami at v20260724, templates/al2023/runtime/rootfs/etc/systemd/system/nodeadm-config.service:4-6
    and nodeadm-run.service:4-6.
    """
    # Imported here, as a plan without user data needs none of it.
    from email.mime.multipart import MIMEMultipart
    from email.mime.nonmultipart import MIMENonMultipart

    parts = MIMEMultipart(boundary="NodeConfig")
    for kind, subtype, text in (("text", "x-shellscript", script), ("application", "node.eks.aws", config)):
        if text:
            part = MIMENonMultipart(kind, subtype)
            part.set_payload(text)
            parts.attach(part)
    return parts.as_string()


def powershell(*commands: str) -> str:
    """What Windows does when it starts.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html (Windows user data)
    """
    return "\n".join(("<powershell>", *(command for command in commands if command), "</powershell>"))


def node_config(spec: Mapping[str, Any]) -> str:
    """Of Amazon Linux 2023."""
    config = {"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig", "spec": spec}
    return json.dumps(config, indent=2)  # YAML takes JSON


def environment(facts: ClusterFacts) -> dict[str, Any]:
    """What all programs of Amazon Linux 2023 are told of a proxy, containerd and nodeadm among them, in `instance` of a
    NodeConfig: amazon-eks-ami at v20260724, nodeadm/test/e2e/cases/nodeadm-http-proxy/run.sh:15-30,
    nodeadm/internal/system/environment.go:92-98.
    """
    told = dict(facts.proxy_environment)
    return {"environment": {"default": told}} if told else {}


def with_proxy(bottlerocket: Mapping[str, Any], facts: ClusterFacts) -> Mapping[str, Any]:
    """The settings with that of the cluster, unless they say another: https://bottlerocket.dev/en/os/latest/api/settings/network"""
    if not facts.proxy:
        return bottlerocket
    network = {"https-proxy": facts.proxy, "no-proxy": list(facts.without_proxy)}
    return {**bottlerocket, "network": {**network, **bottlerocket.get("network", {})}}


def script_problems(script: str) -> Iterator[Problem]:
    """What would end its part; the path is that of a field `script`."""
    for boundary in _BOUNDARIES:
        if boundary in script:
            rule = "a line of it ends a part of the user data, in which it stands"
            line = next(each for each in script.splitlines() if boundary in each)
            yield Problem(("script",), line, rule, "write it otherwise, for example in two halves")
