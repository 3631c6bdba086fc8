"""A directory of manifests, checked while the cluster is planned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from blueprint import manifests
from blueprint.errors import FieldPath, Problem, duplicates
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.manifests import Directory
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace
from blueprint.teams.workloads.workload import TeamWorkload


class Manifests(TeamWorkload):
    """The .yaml and .yml files of a directory of this project, those of directories below it included.

    An object without a namespace gets `namespace`. The fields are checked against the schemas of the cluster's
    Kubernetes version, pods against the Pod Security level of the namespace, Ingresses and Services against the hosts
    of the team.
    """

    directory: Directory
    """From the root of this project, without links out of it."""

    @property
    def key(self) -> str:
        return self.directory

    def problems_on(self, facts: ClusterFacts, space: TeamNamespace, exposure: Exposure) -> Iterator[Problem]:
        # YAML and schemas are for those who have manifests.
        from blueprint.manifests.files import read
        from blueprint.teams.workloads.objects import mistakes

        documents, problems = read(manifests.ROOT, self.directory)
        yield from problems
        names: list[tuple[FieldPath, str]] = []
        for document in documents:
            found = mistakes(document, facts.version, space, exposure)
            yield from found
            if not found:
                names.append(((document.place(),), f"{document.data['kind']}/{document.data['metadata']['name']}"))
        for twice in duplicates(names, "object", "remove one of them"):
            yield replace(twice, path=(), file=twice.place)

    def objects(self, team: str, namespaces: Sequence[str], facts: ClusterFacts) -> tuple[Manifest, ...]:
        from blueprint.manifests.files import read

        documents, _ = read(manifests.ROOT, self.directory)
        data = [document.data for document in documents]
        return tuple({**one, "metadata": {**one["metadata"], "namespace": self.namespace}} for one in data)
