"""People whom an identity provider of OpenID Connect vouches for, beside those of IAM.

https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.errors import Problem
from blueprint.fields import DnsLabel, at_most, matches
from blueprint.value import Value

_Claim = Annotated[str, matches(r"[\w.:/-]{1,63}", "must be the name of a claim", 'write for example "groups"')]
_ClaimValue = Annotated[
    str, matches(r"[!-~]{1,253}", "must be 1 to 253 ASCII characters without spaces", "copy it from a token")
]
# EKS refuses system:, and a group of a team has its name from us alone.
_Prefix = Annotated[
    str,
    matches(
        r"(?!(system|team|eks|aws|iam|amazon):)[\w.@/-][\w.@/:-]{0,61}[:#/]",
        "must end in : or # or /, so that it holds no name of another, and not begin with system: or team:",
        'write for example "oidc:"',
    ),
]


class OidcProvider(Value):
    """Its users may sign in to the Kubernetes API, and may do what RoleBindings give to them and to their groups.

    Nothing is theirs at first: bind a Role to `<username_prefix><user>` or `<groups_prefix><group>`, for example with
    KubernetesManifests. The guides of teams and their isolation are about people of IAM. EKS needs minutes to take a
    provider up, and changes none in place.
    """

    create_only = dict.fromkeys(
        (
            *("name", "issuer_url", "client_id", "username_claim", "username_prefix"),
            *("groups_claim", "groups_prefix", "required_claims"),
        ),
        "the provider is replaced",
    )

    name: DnsLabel
    """Unique in the cluster."""
    issuer_url: Annotated[
        str,
        matches(
            r"https://[A-Za-z0-9.-]+(:\d{1,5})?(/[\w.~%/-]*)?",
            "must be an address that begins with https:// and has no query",
            'write for example "https://login.example.com", one level above .well-known/openid-configuration',
        ),
    ]
    """What the claim `iss` of its tokens says. EKS reads its keys from the internet, unless the control plane's
    `egress_mode` is CUSTOMER_ROUTED."""
    client_id: Annotated[
        str, matches(r"[\w.:/-]{1,256}", "must be the id of a client", 'write for example "kubernetes"')
    ]
    """The audience of its tokens, which EKS asks for."""
    username_claim: _Claim = "sub"
    """The claim that names the user."""
    username_prefix: _Prefix = "oidc:"
    """Stands before each name, so that nobody has the name of another."""
    groups_claim: _Claim | None = None
    """The claim that names the user's groups; nobody has groups when None."""
    groups_prefix: _Prefix = "oidc:"
    """Stands before each group, so that no provider puts anybody into a group of a team."""
    required_claims: Annotated[Mapping[_Claim, _ClaimValue], at_most(10, "claims")] = field(default_factory=dict)
    """Claims that a token must have, with these values."""

    def problems(self) -> Iterator[Problem]:
        if self.issuer_url.endswith("/.well-known/openid-configuration"):
            rule = "the issuer stands one level above .well-known/openid-configuration"
            yield Problem(("issuer_url",), self.issuer_url, rule, "leave that part out")
