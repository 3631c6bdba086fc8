"""The newest releases of images of nodes, as public parameters of SSM tell them."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

ACTIONS = ("ssm:GetParameters",)
NAMES = ("al2023", "bottlerocket")
"""Tables of the file."""
_REGION = "us-east-1"
"""Where neither the environment nor the profile names one: releases reach all regions in time."""
_ARCHITECTURES = ("x86_64", "arm64")
_AT_ONCE = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


@dataclass(frozen=True)
class ImageOffer:
    """What SSM has of one pinned release."""

    pinned: str
    newest: str
    """The release that all architectures have, and all minors that it serves."""

    @property
    def better(self) -> str:
        """What belongs into the lock: the newest, never an older one."""
        return self.newest if self.is_behind else self.pinned

    @property
    def is_behind(self) -> bool:
        """Whether there is a newer one."""
        return _order(self.pinned) < _order(self.newest)

    @property
    def said(self) -> str:
        """How the pinned release stands to the newest one. The one of Amazon Linux ends in its date."""
        if not self.is_behind:
            return "the newest"
        dates = _date(self.pinned), _date(self.newest)
        if dates[0] and dates[1]:
            return f"{(dates[1] - dates[0]).days} days older than {self.newest}"
        return f"older than {self.newest}"


def client() -> SSMClient:
    """With the credentials that boto3 finds. Raises botocore's errors for a profile that is not there."""
    import boto3
    from botocore.config import Config

    session = boto3.Session()
    patience = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return session.client("ssm", region_name=session.region_name or _REGION, config=patience)


def pinned(text: str, names: Collection[str] = NAMES) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """By a name for people, each release of the file and the parameters that say which is the newest.

    https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
    https://bottlerocket.dev/en/os/latest/#/install/quickstart/aws/
    """
    file = tomllib.loads(text)
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    if "al2023" in names:
        for minor, release in file["al2023"].items():
            of_minor = f"/aws/service/eks/optimized-ami/{minor}/amazon-linux-2023"
            parameters = (f"{of_minor}/{arch}/standard/recommended/release_version" for arch in _ARCHITECTURES)
            found[f"al2023 of Kubernetes {minor}"] = (release, tuple(parameters))
    if "bottlerocket" in names:
        parameters = (
            f"/aws/service/bottlerocket/aws-k8s-{minor}/{arch}/latest/image_version"
            for minor in file["bottlerocket"]["first"]
            for arch in _ARCHITECTURES
        )
        found["bottlerocket"] = (file["bottlerocket"]["release"], tuple(parameters))
    return found


def with_release(text: str, name: str, release: str) -> str:
    """The file with this release in the place of the one of that name. As text, since comments stay."""
    table, _, minor = name.partition(" of Kubernetes ")
    key = f'"{re.escape(minor)}"' if minor else "release"
    line = re.compile(rf'^(\[{table}\]\n(?:(?!\[).*\n)*?{key} = )"[^"]*"', re.MULTILINE)
    return line.sub(rf'\g<1>"{release}"', text, count=1)


def values(ssm: SSMClient, names: Iterable[str]) -> Mapping[str, str]:
    """By parameter; without those that there are not. Raises botocore's errors."""
    asked = list(names)
    found: dict[str, str] = {}
    for at in range(0, len(asked), _AT_ONCE):
        answer = ssm.get_parameters(Names=asked[at : at + _AT_ONCE])
        found |= {each.get("Name", ""): each.get("Value", "") for each in answer["Parameters"]}
    return found


def offer(pinned: str, names: Iterable[str], told: Mapping[str, str]) -> ImageOffer | str:
    """The oldest of what the parameters say, since one release is pinned for all; or why there is none."""
    said = {name: told.get(name, "") for name in names}
    for name, value in said.items():
        if not value:
            return f"there is no parameter {name}"
        if not _FORM.fullmatch(value):
            return f"{name} says {value!r}, which is no release"
    return ImageOffer(pinned, min(said.values(), key=_order))


_FORM = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}-([0-9a-f]{8}|\d{8})")


def _order(release: str) -> tuple[int, ...]:
    """A patch of Kubernetes comes before its build: 1.35.6-20260714; of Bottlerocket the number alone counts."""
    number, _, build = release.partition("-")
    date = int(build) if _date(release) else 0
    return (*map(int, number.split(".")), date)


def _date(release: str) -> dt.date | None:
    end = release.rpartition("-")[2]
    try:
        return dt.date.fromisoformat(end) if end.startswith("20") else None
    except ValueError:
        return None
