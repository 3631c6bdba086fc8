"""How long nodes of Karpenter remember idle connections."""

from __future__ import annotations

from typing import Annotated, Any

from blueprint.fields import between
from blueprint.value import Value


class ConnectionTracking(Value):
    """Seconds for which security groups remember connections on which nothing is sent; EC2's own where None.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
    """

    tcp_established: Annotated[int, between(60, 432_000, "seconds")] | None = None
    """Of TCP; 350 on the newest types when None, five days on others."""
    udp_stream: Annotated[int, between(60, 180, "seconds")] | None = None
    """Of UDP with several answers; 180 when None."""
    udp: Annotated[int, between(30, 60, "seconds")] | None = None
    """Of UDP with one answer, or none; 30 when None."""

    def document(self) -> dict[str, Any]:
        """As Karpenter has it: v1.14.1 pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml."""
        given = {
            "tcpEstablishedTimeout": self.tcp_established,
            "udpStreamTimeout": self.udp_stream,
            "udpTimeout": self.udp,
        }
        return {name: seconds for name, seconds in given.items() if seconds is not None}
