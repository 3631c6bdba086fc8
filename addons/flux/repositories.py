"""How Flux wants the Secret of a private repository.

https://fluxcd.io/flux/components/source/gitrepositories/#secret-reference and /ocirepositories/#secret-reference
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from blueprint.errors import Problem
from blueprint.git import scheme_for
from blueprint.repositories import SECRET, KeptInAws, Password, PrivateRepository, SshKey


def template(repository: PrivateRepository) -> dict[str, Any]:
    """The Secret as External Secrets fills it in; of a registry as what pulls images wants it."""
    given = repository.credentials
    if isinstance(given, Password) and repository.address.startswith("oci://"):
        host = repository.address.removeprefix("oci://").partition("/")[0]
        login = json.dumps({"auths": {host: {"username": given.username, "password": ""}}})
        text = login.replace('"password": ""', f'"password": {{{{ .{SECRET} | toJson }}}}')
        return {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": text}}
    return {"data": {**(given.for_flux() if isinstance(given, KeptInAws) else {})}}


def problems(repositories: tuple[PrivateRepository, ...]) -> Iterator[Problem]:
    """What Argo CD takes, and Flux does not."""
    for index, each in enumerate(repositories):
        path = ("private_repositories", index)
        yield from (problem.below(path) for problem in scheme_for("address", each.address))
        if isinstance(each.credentials, SshKey) and not each.credentials.known_hosts:
            fix = "write what this prints: ssh-keyscan, with the name of the host"
            rule = "Flux connects to hosts whose public keys it knows"
            yield Problem((*path, "credentials", "known_hosts"), (), rule, fix)
