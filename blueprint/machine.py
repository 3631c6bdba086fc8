"""What EC2 lets one choose of an instance beside its type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint.errors import Problem
from blueprint.fields import between, matches
from blueprint.value import Value

# https://docs.aws.amazon.com/license-manager/latest/userguide/license-configurations.html
LicenseArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:license-manager:[a-z0-9-]+:\d{12}:license-configuration[:/]lic-[0-9a-f]{32}",
        "must be the ARN of a license configuration of License Manager",
        "look it up with: aws license-manager list-license-configurations",
    ),
]


class CpuOptions(Value):
    """How an instance uses its processors. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-optimize-cpu.html"""

    cores: Annotated[int, between(1, 448, "cores")] | None = None
    """Fewer than the type has, for software that is paid for by the core; all of them when None."""
    threads_per_core: Literal[1, 2] | None = None
    """1 switches multithreading off; the type's own number when None."""
    nested_virtualization: bool = False
    """Whether virtual machines run in the instance."""
    sev_snp: bool = False
    """AMD's encryption of memory, on types of the families m6a, c6a and r6a.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sev-snp.html"""

    def problems(self) -> Iterator[Problem]:
        if (self.cores is None) is not (self.threads_per_core is None):
            rule, fix = "EC2 takes cores and threads_per_core together", "write both, or neither"
            yield Problem(("cores",), self.cores, rule, fix)

    @property
    def vcpus(self) -> int | None:
        """That the instance has then; those of its type when None."""
        return self.cores * self.threads_per_core if self.cores and self.threads_per_core else None
