"""Names of service networks of VPC Lattice."""

from __future__ import annotations

from typing import Annotated

from blueprint.fields import matches

# https://docs.aws.amazon.com/vpc-lattice/latest/APIReference/API_CreateServiceNetwork.html
ServiceNetworkName = Annotated[
    str,
    matches(
        r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*",
        "must be the name of a service network of VPC Lattice",
        'write for example "shared"',
    ),
]
