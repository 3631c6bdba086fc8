"""Field types with a rule: names, CIDRs, accounts, regions. Sources stand with each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any

from blueprint.regions import REGIONS
from blueprint.value import Rule

LONGEST = 1000
"""Of any text: longer than what AWS, Kubernetes and Helm take as a name or an address."""


def matches(pattern: str, says: str, fix: str, *, longest: int = LONGEST) -> Rule:
    """The whole text must match the pattern; `$` alone would let a newline at the end through."""
    return Rule(
        lambda text: len(text) <= longest and _form(pattern).fullmatch(text) is not None,
        says,
        fix,
        pattern=pattern,
        high=longest,
    )


@cache
def _form(pattern: str) -> re.Pattern[str]:
    """Compiled when a value is judged by it: a blueprint needs few of them all."""
    return re.compile(pattern, re.ASCII)


def between(low: int, high: int, unit: str = "") -> Rule:
    """A whole number from low to high, both included."""
    amount = f"{low} to {high} {unit}".rstrip()
    says, fix = f"must be {amount}", f"write a number of {amount}"
    return Rule(lambda number: low <= number <= high, says, fix, low=low, high=high, unit=unit)


def one_of(choices: Sequence[Any], says: str, fix: str) -> Rule:
    """One of these; a Literal where the list is short and stays."""
    return Rule(lambda value: value in choices, says, fix, choices=tuple(choices))


def at_most(count: int, what: str) -> Rule:
    """A tuple or mapping with no more than so many entries."""
    return Rule(lambda items: len(items) <= count, f"at most {count} {what}", f"keep {count} or fewer", high=count)


NOT_EMPTY = Rule(bool, "must not be empty", "give at least one", low=1)
UNIQUE = Rule(lambda items: len(set(items)) == len(items), "must hold no duplicate", "remove the repeated one")


def _network(text: str) -> ipaddress.IPv4Network:
    network = ipaddress.IPv4Network(text)
    if str(network) != text:  # Python also reads 10.0.0.0 and 10.0.0.0/255.255.0.0, AWS does not
        raise ValueError(text)
    return network


def _is_network(text: str) -> bool:
    try:
        return bool(_network(text))
    except ValueError:
        return False


def is_ipv6(text: str) -> bool:
    """Of a network or an address."""
    return ":" in text


def is_ipv6_network(text: str, longest: int, shortest: int) -> bool:
    """Whether it is an IPv6 network without host bits, in its shortest form, with a prefix length from `longest` to
    `shortest`.
    """
    try:
        network = ipaddress.IPv6Network(text)
    except ValueError:
        return False
    return str(network) == text and longest <= network.prefixlen <= shortest


def sized(longest: int, shortest: int, says: str, fix: str) -> Rule:
    """A network with a prefix length from `longest` to `shortest`, both included."""
    return Rule(lambda text: longest <= _network(text).prefixlen <= shortest, says, fix)


def inside(ranges: Iterable[str], says: str, fix: str) -> Rule:
    """A network in one of these ranges."""
    networks = [ipaddress.IPv4Network(text) for text in ranges]
    return Rule(lambda text: any(_network(text).subnet_of(network) for network in networks), says, fix)


# RFC 1918. `is_private` of Python's networks holds for loopback, link-local, documentation and others as well.
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


# There a pod's own node answers: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html,
# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html (169.254.170.23),
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html (169.254.170.2);
# the rest: RFC 6890, RFC 5771.
RESERVED_RANGES = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
"""This host, loopback, link-local with all that gives out credentials, multicast, and what nobody has."""
# RFC 6890; by fd00:ec2::/32 a node answers its pods as by 169.254.0.0/16, and EC2 all instances:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
_RESERVED_IPV6 = ("::/96", "64:ff9b::/96", "fd00:ec2::/32", "fe80::/10", "ff00::/8")
_WIDEST, _WIDEST_IPV6 = 8, 16  # what is wider has a rule of its own wherever a range stands


def _is_free(text: str) -> bool:
    if is_ipv6(text):
        ipv6 = ipaddress.IPv6Network(text)
        return ipv6.prefixlen < _WIDEST_IPV6 or not any(
            ipv6.overlaps(ipaddress.IPv6Network(each)) for each in _RESERVED_IPV6
        )
    network = _network(text)
    return network.prefixlen < _WIDEST or not any(
        network.overlaps(ipaddress.IPv4Network(reserved)) for reserved in RESERVED_RANGES
    )


Cidr = Annotated[
    str,
    Rule(
        _is_network, "must be an IPv4 network in CIDR notation with no host bits set", "write for example 10.0.0.0/16"
    ),
]
AnyCidr = Annotated[
    str,
    Rule(
        lambda text: is_ipv6_network(text, _WIDEST_IPV6, 128) if is_ipv6(text) else _is_network(text),
        "must be a network in CIDR notation with no host bits set, of IPv6 /16 or smaller and in its shortest form",
        "write for example 10.9.0.0/16 or 2600:1f14:12:3400::/56",
    ),
]
"""Of either family."""
NOT_RESERVED = Rule(
    _is_free,
    f"must hold no address of {', '.join(RESERVED_RANGES)}: some of a node's own there give out credentials",
    "name the range of what is meant, no wider",
)
"""A network that overlaps none of them; those inside of private ranges do not anyway."""


def _is_private(text: str) -> bool:
    """RFC 1918, RFC 4193."""
    if is_ipv6(text):
        return ipaddress.IPv6Network(text).subnet_of(ipaddress.IPv6Network("fc00::/7"))
    return any(_network(text).subnet_of(ipaddress.IPv4Network(private)) for private in PRIVATE_RANGES)


def _is_narrow(text: str) -> bool:
    return ipaddress.ip_network(text).prefixlen >= (_WIDEST_IPV6 if is_ipv6(text) else _WIDEST)


PublicCidr = Annotated[
    str,
    Rule(
        lambda text: is_ipv6_network(text, 0, 128) if is_ipv6(text) else _is_network(text),
        "must be an IPv4 or IPv6 network in CIDR notation with no host bits set, of IPv6 in its shortest form",
        "write for example 203.0.113.0/24 or 2001:db8:12::/48",
    ),
    Rule(
        _is_narrow,
        "the API of a cluster is never open to the world",
        "name your own ranges, or write endpoint=PrivateEndpoint()",
    ),
    NOT_RESERVED,
    Rule(
        lambda text: not _is_private(text),
        "nobody comes from a private range (RFC 1918, RFC 4193) by the internet, and inside the VPC the API answers "
        "anyway",
        "name the public ranges that your people come from",
    ),
]
"""Of people on the internet, of either family."""
AccountId = Annotated[str, matches(r"\d{12}", "an AWS account id has 12 digits", 'write it as text: "111111111111"')]
Region = Annotated[
    str,
    matches(
        "|".join(REGIONS),
        "must be a region in which EKS is",
        'write for example "us-west-2"; a region that is new goes into blueprint/regions.py',
    ),
]
# RFC 1123 label, the rule for Kubernetes namespaces and most object names:
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (names)
RoleName = Annotated[
    str,
    matches(r"[\w+=,.@-]{1,64}", "must be the name of an IAM role, without its path", 'write for example "ArgoCdHub"'),
]
DnsLabel = Annotated[
    str,
    matches(
        r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        "1 to 63 lowercase letters, digits and hyphens, a letter or digit at both ends",
        'write for example "payments"',
    ),
]
# EKS allows 100 characters (CreateCluster, Name); 40 leave room for the names made from it (stacks, roles, queues).
ClusterName = Annotated[
    str,
    matches(
        r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?",
        "1 to 40 lowercase letters, digits and hyphens, beginning with a letter",
        'write for example "prod"',
    ),
]
KmsKeyArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        "must be the ARN of a KMS key, no alias and no wildcard",
        'write for example "arn:aws:kms:us-west-2:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]
# Eight hexadecimal digits until 2018, seventeen since.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
SecurityGroupId = Annotated[
    str,
    matches(
        r"sg-([0-9a-f]{17}|[0-9a-f]{8})",
        "must be the id of a security group",
        'write for example "sg-0a1b2c3d4e5f60718"',
    ),
]
PlacementGroup = Annotated[
    str,
    matches(r"[\w .:+=@/-]{1,255}", "must be the name of a placement group", 'write for example "training"'),
]
CapacityReservation = Annotated[
    str,
    matches(r"cr-[0-9a-f]{17}", "must be the id of a capacity reservation", 'write for example "cr-0a1b2c3d4e5f60718"'),
]
ReservationChoice = Annotated[
    str,
    matches(
        r"cr-[0-9a-f]{17}|arn:aws[a-z-]*:resource-groups:[a-z0-9-]+:\d{12}:group/[\w.-]{1,128}|none",
        "must be the id of a capacity reservation, the ARN of a group of them, or none",
        'write for example "cr-0a1b2c3d4e5f60718"',
    ),
]
StartScript = Annotated[
    str,
    matches(
        r"[\t\n -~]{0,8000}",
        "must be at most 8,000 ASCII characters, without carriage returns",
        "write #!/bin/bash in its first line, or for Windows PowerShell",
        longest=8_000,
    ),
]
NodeScript = Annotated[
    str,
    matches(
        r"(#!/[\t\n -~]{1,8000})?",
        "must be a script of ASCII characters without carriage returns, whose first line is #! and its interpreter",
        "write #!/bin/bash",
        longest=8_000,
    ),
]
CertificateArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the ARN of a certificate of ACM",
        'write for example "arn:aws:acm:us-west-2:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html (general purpose buckets)
BucketName = Annotated[
    str,
    matches(
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "must be the name of an S3 bucket",
        'write for example "reports-111111111111"',
    ),
]
HostedZoneId = Annotated[
    str,
    matches(
        r"Z[A-Z0-9]{1,31}|\$\{blueprint:hosted-zone-id:(public|private):[a-z0-9.-]{1,253}\}",
        "must be the id of a Route 53 hosted zone, or that of a NewHostedZone",
        'write for example "Z0123456789ABC"',
    ),
]
DnsName = Annotated[
    str,
    matches(
        r"(?=.{1,253}\Z)([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "must be a DNS name in lowercase without a dot at the end",
        'write for example "apps.example.com"',
    ),
]
HostName = Annotated[
    str,
    matches(
        r"(?=.{1,253}\Z)(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "must be a DNS name in lowercase, or *. and a DNS name for all names under it",
        'write for example "shop.example.com" or "*.shop.example.com"',
    ),
]
EmailAddress = Annotated[
    str,
    matches(
        r"[\w.+%-]+@([\w-]+\.)+[A-Za-z]{2,63}",
        "must be an e-mail address",
        'write "platform@example.com"',
        longest=254,  # RFC 5321, 4.5.3.1.3
    ),
]

# https://helm.sh/docs/topics/charts (Charts and Versioning, Chart Repositories), https://helm.sh/docs/topics/registries
# https://helm.sh/docs/chart_template_guide/getting_started (53 characters, since names are made from it)
ReleaseName = Annotated[
    DnsLabel, matches(r".+", "a release has a name of at most 53 characters", "shorten it", longest=53)
]
ChartName = Annotated[
    str,
    matches(
        r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", "must be the name of a chart", 'write for example "podinfo"', longest=250
    ),
]
ChartVersion = Annotated[
    str,
    matches(
        r"v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?",
        "must be a version of the chart, no range and no `latest`",
        'write for example "1.21.1"',
        longest=128,
    ),
]
ChartRepository = Annotated[
    str,
    matches(
        r"(https|oci)://[\w.:/~%-]+",
        "must be the address of a repository, https or oci, without credentials",
        'write for example "https://charts.example.com"',
    ),
]
# https://git-scm.com/docs/git-clone (Git URLs), without user and password, and without a * that Argo CD would take for
# a pattern
GitRepository = Annotated[
    str,
    matches(
        r"https://[\w.:/~-]+|ssh://[\w.-]+@[\w.:/~-]+|git@[\w.-]+:[\w./~-]+",
        "must be a Git address without credentials",
        'write "https://…"',
    ),
]
GitFolder = Annotated[
    str,
    matches(r"(?!/)(?!.*\.\.)[\w./-]+", "must be a folder of the repository", 'write for example "deploy/prod"'),
]
GitRevision = Annotated[str, matches(r"[\w./-]+", "must be a branch, a tag or a commit", 'write for example "main"')]

# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels (syntax and character set)
LabelKey = Annotated[
    str,
    matches(
        r"((?=.{1,253}/)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
        r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
        "must be a Kubernetes label key: an optional DNS prefix and /, then 1 to 63 letters, digits, - _ .",
        'write for example "example.com/team"',
    ),
]
LabelValue = Annotated[
    str,
    matches(
        r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?",
        "must be a Kubernetes label value: at most 63 letters, digits, - _ . with a letter or digit at both ends",
        'write for example "payments"',
    ),
]
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
Quantity = Annotated[
    str,
    matches(
        r"\d{1,15}(\.\d{1,3})?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?",
        "must be a Kubernetes quantity",
        'write for example "500m" or "4Gi"',
    ),
]
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html (a path of up to 512
# characters may stand in front). EKS makes no access entries for service-linked roles.
IamName = Annotated[
    str,
    matches(
        r"(?!aws-service-role/)(?=.{1,576}\Z)([\w+=,.@-]+/)*[\w+=,.@-]{1,64}",
        "must be the name of an IAM role or user, with its path if it has one; no wildcard and no service-linked role",
        'write for example "BreakGlass" or "platform/BreakGlass"',
    ),
]


def _is_json_like(value: Any) -> bool:
    if type(value) is str:  # most are, and a plan has thousands
        return True
    if isinstance(value, (dict, Mapping)):
        return all(isinstance(key, str) for key in value) and all(map(_is_json_like, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_json_like, value))
    return value is None or isinstance(value, str | bool) or (isinstance(value, int | float) and abs(value) < 1e300)


def _has_no_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_has_no_null, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_has_no_null, value))
    return value is not None


NO_NULL = Rule(_has_no_null, "must hold no None, which TOML cannot say", "leave the setting out")
JSON_LIKE = Rule(
    _is_json_like,
    "must hold only text, numbers, true, false, lists and mappings with text keys",
    "write plain JSON values",
)
