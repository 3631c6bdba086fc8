"""Disks of nodes: EBS volumes of the type gp3. https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from blueprint.errors import Problem
from blueprint.fields import between

DiskSize = Annotated[int, between(20, 16_384, "GiB")]
DiskIops = Annotated[int, between(3_000, 80_000, "operations a second")]
DiskThroughput = Annotated[int, between(125, 2_000, "MiB a second")]
_IOPS = 3_000
"""Of every volume."""


def disk_problems(disk_gib: int, disk_iops: int | None, disk_throughput_mib: int | None) -> Iterator[Problem]:
    """What EC2 refuses of the three together; the paths are those of fields with these names."""
    iops = disk_iops or _IOPS
    if iops > 500 * disk_gib:
        rule = f"a volume of {disk_gib} GiB has at most {500 * disk_gib}"
        yield Problem(("disk_iops",), disk_iops, rule, "lower it, or raise disk_gib")
    if disk_throughput_mib and 4 * disk_throughput_mib > iops:
        rule = f"a volume of {iops} operations a second has at most {iops // 4} MiB a second"
        yield Problem(("disk_throughput_mib",), disk_throughput_mib, rule, "lower it, or raise disk_iops")
