"""How a self-managed node is told its cluster: the user data of its launch template."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from dataclasses import dataclass
from email import message_from_string
from typing import Any

import yaml

Taint = tuple[str, str]
"""Key and effect, in the words of Kubernetes."""


@dataclass(frozen=True)
class Bootstrap:
    """What a node knows of its cluster. Bottlerocket needs no range of services to join, nodeadm does."""

    cluster: str
    endpoint: str
    authority: str
    services: str | None
    taints: tuple[Taint, ...]


class UserDataError(ValueError):
    """User data with which no node starts."""


def parse(encoded: str) -> Bootstrap:
    """Reads user data of AL2023, which is MIME with a NodeConfig (the first of them), or of Bottlerocket, in TOML."""
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        return _nodeadm(text) if text.startswith("MIME-Version:") else _bottlerocket(text)
    except (binascii.Error, UnicodeError, yaml.YAMLError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserDataError(f"user data cannot be read: {error!r}") from None


def _nodeadm(text: str) -> Bootstrap:
    """https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/api/

    All four fields must be there: amazon-eks-ami v20260714, nodeadm/internal/api/validation.go.
    """
    parts = [part for part in message_from_string(text).walk() if part.get_content_type() == _NODE_CONFIG]
    config: dict[str, Any] = yaml.safe_load(str(parts[0].get_payload())) if parts else {}
    cluster = config["spec"]["cluster"]
    flags = config["spec"].get("kubelet", {}).get("flags", [])
    given = ",".join(flag.partition("=")[2] for flag in flags if flag.startswith("--register-with-taints="))
    taints = tuple((match[1], match[2]) for match in re.finditer(r"([^=:,]+)(?:=[^:,]*)?:(\w+)", given))
    return Bootstrap(
        cluster["name"], cluster["apiServerEndpoint"], cluster["certificateAuthority"], cluster["cidr"], taints
    )


_NODE_CONFIG = "application/node.eks.aws"


def _bottlerocket(text: str) -> Bootstrap:
    """https://bottlerocket.dev/en/os/latest/#/api/settings/kubernetes/

    A taint is a key with the list of its values and effects; a key that stands twice is no TOML.
    """
    settings = tomllib.loads(text)["settings"]["kubernetes"]
    taints = settings.get("node-taints", {})
    listed = tuple((key, value.rpartition(":")[2]) for key, values in taints.items() for value in values)
    return Bootstrap(settings["cluster-name"], settings["api-server"], settings["cluster-certificate"], None, listed)
