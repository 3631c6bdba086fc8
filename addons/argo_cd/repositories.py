"""How Argo CD wants the Secret of a private repository.

https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repositories
"""

from __future__ import annotations

from typing import Any

from blueprint.contribution import Values
from blueprint.repositories import KeptInAws, PrivateRepository


def template(repository: PrivateRepository) -> dict[str, Any]:
    """The Secret as External Secrets fills it in; of a registry that gives tokens the user comes with them.

    v3.4.4 util/db/repository_secrets.go (secretToRepository, secretToRepoCred)
    """
    many, oci = repository.address.endswith("/"), repository.address.startswith("oci://")
    given = repository.credentials
    data = {
        "type": "helm" if oci or repository.charts else "git",
        "url": repository.address.removeprefix("oci://"),
        **({"enableOCI": "true"} if oci else {}),
        **({"name": repository.name} if repository.charts and not many else {}),
        **(
            given.for_argo_cd()
            if isinstance(given, KeptInAws)
            else {"username": "{{ .username }}", "password": "{{ .password }}"}
        ),
    }
    labels = {"argocd.argoproj.io/secret-type": "repo-creds" if many else "repository"}
    return {"metadata": {"labels": labels}, "data": data}


def known_hosts(repositories: tuple[PrivateRepository, ...]) -> Values:
    """Of the chart, keys of hosts beside those that it brings."""
    lines = (line for each in repositories for line in getattr(each.credentials, "known_hosts", ()))
    text = "".join(f"{line}\n" for line in dict.fromkeys(lines))
    return {"configs": {"ssh": {"extraHosts": text}}} if text else {}
