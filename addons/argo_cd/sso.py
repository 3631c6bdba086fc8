"""Sign-in to Argo CD. https://argo-cd.readthedocs.io/en/stable/operator-manual/user-management"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from blueprint.errors import Key, Problem
from blueprint.fields import DnsLabel, matches
from blueprint.value import Value

_HTTPS = matches(r"https://[\w.:/%~-]+", "must be an https address", 'write for example "https://login.example.com"')
_GROUP = matches(r"[\w./:@ -]{1,256}", "must be the name or id of a group", 'write for example "platform"')


class SingleSignOn(Value):
    """An OpenID Connect provider. Its client secret stands in a Secret beside Argo CD, which External Secrets makes for
    example, under the key clientSecret and with the label `app.kubernetes.io/part-of: argocd`.
    """

    issuer: Annotated[str, _HTTPS]
    """Address of the provider."""
    client_id: Annotated[str, matches(r"[\w.:/-]{1,256}", "must be the id of a client", 'write for example "argocd"')]
    """By which the provider knows Argo CD."""
    admin_group: Annotated[str, _GROUP]
    """Members administer Argo CD; all others get what its projects give them, at first nothing."""
    secret_name: DnsLabel = "argocd-oidc"  # noqa: S105  # a name, not a secret
    """The Secret with the client secret."""

    def configs(self) -> dict[str, Any]:
        """The chart's `configs`: the provider, its group in role:admin, and no user admin."""
        oidc = {
            "name": "SSO",
            "issuer": self.issuer,
            "clientID": self.client_id,
            "clientSecret": f"${self.secret_name}:clientSecret",
            "requestedScopes": ["openid", "profile", "email", "groups"],
        }
        return {
            "cm": {"admin.enabled": False, "oidc.config": json.dumps(oidc)},  # Argo CD takes YAML, so JSON too
            "rbac": {"policy.csv": f'g, "{self.admin_group}", role:admin\n'},
        }


# https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac (Anonymous Access, Basic Built-in Roles),
# https://argo-cd.readthedocs.io/en/stable/operator-manual/server-commands/argocd-server (--disable-auth)
_OPEN = (
    ("cm", "users.anonymous.enabled", "true", "whoever reaches it would be signed in"),
    ("params", "server.disable.auth", "true", "whoever reaches it would administer all that it deploys"),
    ("rbac", "policy.default", "role:admin", "whoever signs in would administer all that it deploys"),
)


def open_to_all(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What gives Argo CD, which may do anything in the cluster, to whoever comes."""
    for section, key, opens, rule in _OPEN:
        configs = values.get("configs")
        given = configs.get(section) if isinstance(configs, Mapping) else None
        if isinstance(given, Mapping) and str(given.get(key)).lower() == opens:
            path = ("extra_values", Key("configs"), Key(section), Key(key))
            yield Problem(path, given[key], rule, "remove it, and name who administers: sso=SingleSignOn(…)")
