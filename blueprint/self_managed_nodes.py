"""Auto Scaling groups whose nodes join by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint import images
from blueprint.errors import Problem
from blueprint.nodes import Nodes


class SelfManagedNodes(Nodes):
    """An Auto Scaling group whose nodes join by themselves; for what managed node groups cannot do.

    A new image or user data replaces them one by one; EKS neither drains nor repairs these.
    https://docs.aws.amazon.com/eks/latest/userguide/worker.html
    """

    create_only = {"name": "the Auto Scaling group is replaced"}

    os: images.System = "AL2023"
    """Amazon Linux 2023, Bottlerocket, or Windows Server, of which each of its names is another image."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.family == "WINDOWS" and self.release_version:
            rule = "AWS names the newest image of Windows alone"
            yield Problem(("release_version",), self.release_version, rule, "leave it out, or write image")
        if self.accelerator == "other" and not self.image and self.family != "WINDOWS":
            rule = f"EKS has no image with drivers for the accelerators of {self.instance_types[0]}"
            yield Problem(("instance_types",), self.instance_types[0], rule, "write image, with drivers for them")

    @property
    def family(self) -> images.Family:
        return images.family(self.os)

    def image_parameter(self, cluster_version: str) -> str:
        """The SSM parameter that names EKS's image in a cluster of that version."""
        version = self.own_version or cluster_version
        if self.family == "WINDOWS":
            return images.windows_parameter(self.os, version)
        return images.parameter(
            self.family, version, self.architecture, self.accelerator, self.release(cluster_version)
        )
