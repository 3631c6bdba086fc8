"""How a self-managed node is told its cluster: the user data of its launch template."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from typing import NamedTuple

import yaml


class KubernetesTaint(NamedTuple):
    """In the words of Kubernetes."""

    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True)
class NodeConfig:
    """What a node knows of its cluster. Bottlerocket needs no range of services to join, nodeadm does."""

    cluster: str
    endpoint: str
    authority: str
    services: str | None
    taints: tuple[KubernetesTaint, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    windows: bool = False


class UserDataError(ValueError):
    """User data with which no node starts."""


def parse(encoded: str) -> NodeConfig:
    """Reads user data of AL2023, which is MIME with a NodeConfig in parts, Bottlerocket, which is TOML, or Windows,
    which is PowerShell.
    """
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        if text.startswith("<powershell>"):
            return _windows(text)
        message = message_from_string(text)
        return _nodeadm(message) if message.is_multipart() else _bottlerocket(text)
    except (binascii.Error, UnicodeError, ValueError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserDataError(f"user data cannot be read: {error!r}") from None


def _nodeadm(message: Message) -> NodeConfig:
    """Amazon-eks-ami v20260714, nodeadm: internal/configprovider/mime.go, and internal/api/validation.go, by which all
    four fields must be there.
    """
    parts = [part for part in message.walk() if part.get_content_type() == "application/node.eks.aws"]
    specs = [yaml.safe_load(str(part.get_payload()))["spec"] for part in parts]
    cluster = {key: value for spec in specs for key, value in spec.get("cluster", {}).items()}
    taints, labels = list[KubernetesTaint](), dict[str, str]()
    for kubelet in (spec.get("kubelet", {}) for spec in specs):
        registered = kubelet.get("config", {}).get("registerWithTaints", ())
        taints += [KubernetesTaint(each["key"], each["effect"], each.get("value", "")) for each in registered]
        for name, value in (flag.split("=", 1) for flag in kubelet.get("flags", ()) if "=" in flag):
            if name == "--register-with-taints":
                taints += [KubernetesTaint(key, effect, text) for key, text, effect in _TAINT.findall(value)]
            elif name == "--node-labels":
                labels |= dict(label.split("=", 1) for label in value.split(","))
    return NodeConfig(
        *(cluster["name"], cluster["apiServerEndpoint"], cluster["certificateAuthority"], cluster["cidr"]),
        *(tuple(taints), labels),
    )


_TAINT = re.compile(r"([^=:,]+)(?:=([^:,]*))?:(\w+)")


def _windows(text: str) -> NodeConfig:
    """The arguments of Start-EKSBootstrap.ps1; without the range of Services pods have no DNS.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html (Windows AMI)
    """
    (command,) = (line for line in text.splitlines() if line.startswith('& "$env:ProgramFiles\\Amazon\\EKS\\'))
    told = dict(re.findall(r'-(\w+) "([^"]*)"', command))
    kubelet = dict(flag.removeprefix("--").split("=", 1) for flag in told["KubeletExtraArgs"].split())
    taints = [
        KubernetesTaint(key, effect, value) for key, value, effect in _TAINT.findall(kubelet["register-with-taints"])
    ]
    labels = dict(label.split("=", 1) for label in kubelet.get("node-labels", "").split(",") if label)
    names = (told["EKSClusterName"], told["APIServerEndpoint"], told["Base64ClusterCA"], told["ServiceCIDR"])
    return NodeConfig(*names, tuple(taints), labels, windows=True)


def _bottlerocket(text: str) -> NodeConfig:
    """https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/

    A taint is a key with the list of its values and effects; a key that stands twice is no TOML.
    """
    settings = tomllib.loads(text)["settings"]["kubernetes"]
    taints = settings.get("node-taints", {})
    parts = [(key, *text.rpartition(":")) for key, texts in taints.items() for text in texts]
    listed = tuple(KubernetesTaint(key, effect, value) for key, value, _, effect in parts)
    names = (settings["cluster-name"], settings["api-server"], settings["cluster-certificate"])
    return NodeConfig(*names, None, listed, settings.get("node-labels", {}))
