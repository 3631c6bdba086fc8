"""What Karpenter's nodes start from. https://karpenter.sh/docs/concepts/nodeclasses/#specamiselectorterms"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.errors import Key, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, NO_NULL, NodeScript, matches
from blueprint.images import LinuxFamily, OwnImage, first_bottlerocket, is_older, parameter, release
from blueprint.instances import Architecture
from blueprint.user_data import environment, multipart, node_config, script_problems, settings, with_proxy
from blueprint.value import Value

_RELEASE = matches(
    r"v20\d{6}|v\d{1,3}\.\d{1,3}\.\d{1,3}",
    "must be a release of the EKS image, never `latest`",
    'write for example "v20260714" (AL2023) or "v1.66.0" (Bottlerocket)',
)
_NAMES: Mapping[LinuxFamily, str] = {"AL2023": "AL2023", "BOTTLEROCKET": "Bottlerocket"}
"""Families of images, as Karpenter calls them."""


class NodeImage(Value):
    """An image of EKS, or one of your own, and what its nodes are told beside what Karpenter tells them."""

    os: LinuxFamily = field(default="AL2023", kw_only=True)
    """Amazon Linux 2023 or Bottlerocket; of an image of your own, what it was made from."""
    ami: Annotated[str, _RELEASE] | None = field(default=None, kw_only=True)
    """Release of EKS's image, with drivers for GPUs and Neuron chips on types that have some; that of
    `facts/node_images.toml` when None. A change replaces all nodes."""
    image: OwnImage | None = field(default=None, kw_only=True)
    """An image of your own in its place. Of a parameter nodes follow the value, without a deploy and within the budgets
    of their pools."""
    script: NodeScript = field(default="", kw_only=True)
    """Runs as root on Amazon Linux before the kubelet starts."""
    bottlerocket: Annotated[Mapping[str, Any], JSON_LIKE, NO_NULL] = field(default_factory=dict, kw_only=True)
    """More of Bottlerocket's settings, for example {"kernel": {"lockdown": "integrity"}}.
    https://bottlerocket.dev/en/os/latest/api/settings"""

    def problems(self) -> Iterator[Problem]:
        linux = self.os == "AL2023"
        if self.ami and self.image:
            yield Problem(("ami",), self.ami, f"image names another ({self.image})", "keep one of them")
        if self.ami and self.ami.startswith("v20") is not linux:
            rule = f"it is no release of {self.os}"
            yield Problem(("ami",), self.ami, rule, f"write for example {'v20260714' if linux else 'v1.66.0'}")
        yield from script_problems(self.script)
        name, fix = ("bottlerocket", "write script") if linux else ("script", "write bottlerocket")
        if value := getattr(self, name):
            yield Problem((name,), value, f"the image is {self.os}, which knows no {name}", fix)
        if "kubernetes" in self.bottlerocket:
            rule = "Karpenter says that: it must know what fits on a node"
            place = ("bottlerocket", Key("kubernetes"))
            yield Problem(place, self.bottlerocket["kubernetes"], rule, "write kubelet, or labels and taints of a pool")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between the image and its cluster. The path is from the class."""
        first = first_bottlerocket(facts.version)
        if self.ami and self.os == "BOTTLEROCKET" and is_older(self.ami.removeprefix("v"), first):
            rule = f"Bottlerocket has images for Kubernetes {facts.version} since {first}"
            yield Problem(("ami",), self.ami, rule, "take a later release")

    def released(self, version: str) -> str:
        """The release of EKS's image for a Kubernetes minor, as Karpenter has it."""
        number, _, build = release(self.os, version).rpartition("-")
        return self.ami or (f"v{build}" if self.os == "AL2023" else f"v{number}")

    def image_parameter(self, version: str, cpu: Architecture) -> str:
        """The SSM parameter by which the image is found for a Kubernetes minor, which is the control plane's."""
        if self.image:
            return "" if self.image.startswith("ami-") else self.image
        name = self.released(version).removeprefix("v")
        return parameter(self.os, version, cpu, None, f"{version}-{name}" if self.os == "AL2023" else f"{name}-0")

    def _told(self, facts: ClusterFacts) -> str:
        """What its nodes are told beside what Karpenter does, which joins the two."""
        if self.os == "BOTTLEROCKET":
            bottlerocket = with_proxy(self.bottlerocket, facts)
            return settings(bottlerocket) if bottlerocket else ""
        instance = environment(facts)
        # A script alone would be taken for a NodeConfig where it is YAML as well: pkg/providers/amifamily/bootstrap.
        config = node_config({"instance": instance}) if instance else ""
        return multipart(self.script, config) if self.script or config else ""

    def image_document(self, facts: ClusterFacts) -> Mapping[str, Any]:
        """The fields of a node class that say so."""
        alias = f"{self.os.lower()}@{self.released(facts.version)}"
        told = self._told(facts)
        term: dict[str, str] = {"alias": alias}
        if self.image:
            term = {"id" if self.image.startswith("ami-") else "ssmParameter": self.image}
        return {
            "amiSelectorTerms": [term],
            **({"amiFamily": _NAMES[self.os]} if self.image else {}),
            **({"userData": told} if told else {}),
        }
