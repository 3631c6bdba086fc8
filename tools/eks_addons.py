"""What EKS says of its add-ons: which versions it offers for a Kubernetes minor, and what these take as configuration.

It tells no dates, so what is behind is so by a number of versions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blueprint.addons.schemas import unusable

if TYPE_CHECKING:
    from types_boto3_eks import EKSClient

ACTIONS = ("eks:DescribeAddonVersions", "eks:DescribeAddonConfiguration")
_REGION = "us-east-1"
"""Where neither the environment nor the profile names one: versions reach all regions in time."""
_OF_EKS = re.compile(r"v\d+(\.\d+)+(-eksbuild\.\d+)?")


@dataclass(frozen=True)
class AddonOffer:
    """Versions of an add-on for one Kubernetes minor."""

    versions: tuple[str, ...]
    """The newest first."""
    default: str
    """What EKS installs when nobody names one; empty where it says none."""

    def better(self, locked: str) -> str:
        """What belongs into the lock: EKS's default, unless the locked version is offered and newer.

        A class is written for one major version, so another is for a person to choose.
        """
        fits = self.default and _number(self.default)[0] == _number(locked)[0]
        behind = locked not in self.versions or _number(locked) < _number(self.default)
        return self.default if fits and behind else locked

    def newer(self, locked: str) -> int:
        """How many versions are newer than the locked one."""
        return sum(_number(each) > _number(locked) for each in self.versions)

    def said(self, locked: str) -> str:
        """How the locked version stands to what is offered; empty when it is the newest, and EKS's default."""
        newer = self.newer(locked)
        parts = [
            f"EKS does not offer {locked}" if locked not in self.versions else "",
            f"EKS's default is {self.default or 'not said'}" if locked != self.default else "",
            f"{newer} newer, up to {self.versions[0]}" if newer else "",
        ]
        if self.better(locked) == locked and self.default and _number(self.default)[0] > _number(locked)[0]:
            parts.append("another major version takes another configuration: read what changes, and write it by hand")
        return ", ".join(filter(None, parts))


def client() -> EKSClient:
    """With the credentials that boto3 finds. Raises botocore's errors for a profile that is not there."""
    import boto3
    from botocore.config import Config

    session = boto3.Session()
    patience = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    return session.client("eks", region_name=session.region_name or _REGION, config=patience)


def offers(eks: EKSClient, addon: str) -> Mapping[str, AddonOffer]:
    """By Kubernetes minor. Raises botocore's errors.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html
    """
    versions: dict[str, list[str]] = {}
    defaults: dict[str, str] = {}
    for page in eks.get_paginator("describe_addon_versions").paginate(addonName=addon):
        for found in (each for info in page["addons"] for each in info.get("addonVersions", [])):
            version = found.get("addonVersion", "")
            if not _OF_EKS.fullmatch(version):
                continue
            for fits in found.get("compatibilities", []):
                minor = fits.get("clusterVersion", "")
                versions.setdefault(minor, []).append(version)
                if fits.get("defaultVersion"):
                    defaults[minor] = version
    return {
        minor: AddonOffer(tuple(sorted(each, key=_number, reverse=True)), defaults.get(minor, ""))
        for minor, each in versions.items()
    }


def schema(eks: EKSClient, addon: str, version: str) -> Mapping[str, Any] | str:
    """The schema of its configuration, or why there is none that could judge. Raises botocore's errors.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html
    """
    told = eks.describe_addon_configuration(addonName=addon, addonVersion=version)
    text = told.get("configurationSchema") or ""  # an add-on may take none
    if not text:
        return "EKS has no configuration schema of it"
    try:
        found = json.loads(text)
    except ValueError as error:
        return f"its configuration schema is no JSON: {error}"
    if why := unusable(found):
        return f"its configuration schema cannot be used: {why}"
    return dict(found)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version))) or (0,)
