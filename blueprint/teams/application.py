"""Teams that run workloads in namespaces of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from blueprint.access import AccessEntry, Principal
from blueprint.addons.offers import COPIED_SECRETS, MOUNTED_SECRETS, NODES_ON_DEMAND, Offer
from blueprint.contribution import Contribution, Grant
from blueprint.errors import FieldPath, Problem, Quoted, duplicates
from blueprint.facts import ClusterFacts
from blueprint.fields import CertificateArn, DnsLabel, IamName
from blueprint.iam import Statement
from blueprint.kubernetes import RBAC, Manifest, Namespace
from blueprint.node_pool import NodePool
from blueprint.secrets import TeamSecret
from blueprint.teams.admission import ImageRegistry, PriorityClass, guards, namespaces_of
from blueprint.teams.contract import Connection, Team
from blueprint.teams.exposure import Exposure
from blueprint.teams.exposure_policies import exposure_policies
from blueprint.teams.external_secrets import READER, CopiedSecrets
from blueprint.teams.identity import ServiceAccount
from blueprint.teams.namespaces import TEAM_LABEL, TeamNamespace, named, without_others
from blueprint.teams.network import (
    Edge,
    FromInternalLoadBalancer,
    FromLoadBalancer,
    FromTeam,
    ToAwsServices,
    ToTeam,
    crowded,
    policies,
)
from blueprint.teams.roles import ROLES, Permission, TeamRole, binding, group, rules
from blueprint.teams.workloads import TeamWorkload
from blueprint.value import Value

Principals = tuple[Principal, ...]
_LONGEST_LABEL = 63


class Share(Value):
    """Lets those who have a role in another team work with it in one of the team's namespaces."""

    namespace: DnsLabel
    """One of the team's."""
    team: DnsLabel
    """Name of the other team."""
    role: TeamRole = "viewer"
    """Those of the other team who have this role there have it here as well."""


class ApplicationTeam(Team):
    """Runs workloads in its own namespaces, and cannot reach or change anything outside of them.

    People act through Kubernetes groups (`team:<name>:<role>`); EKS access policies are not used, since even
    AmazonEKSEditPolicy could remove the team's own guard rails.
    """

    create_only = {"name": "its objects are replaced, and without `namespaces` its namespace is deleted with all in it"}

    owners: Principals = ()
    """What developers may, Secrets, and shells in pods."""
    developers: Principals = ()
    """What deployers may, removing pods, and forwarding ports to them."""
    viewers: Principals = ()
    """See all but Secrets; also what pods log."""
    deployers: Principals = ()
    """Pipelines: they see all but Secrets, and change and scale workloads, whose pods may mount any Secret of the
    namespace. https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation"""
    namespaces: tuple[TeamNamespace, ...] = ()
    """One namespace with the team's name when empty."""
    network: tuple[Edge, ...] = ()
    """Connections of its pods beyond their own namespace; none when empty."""
    shares: tuple[Share, ...] = ()
    """Other teams that work in its namespaces."""
    permissions: tuple[Permission, ...] = ()
    """Further RBAC rules for owners, developers and deployers."""
    service_accounts: tuple[ServiceAccount, ...] = ()
    """Whose pods act as AWS roles."""
    copied_secrets: tuple[CopiedSecrets, ...] = ()
    """Secrets of AWS as Kubernetes Secrets."""
    permissions_boundary: IamName | None = None
    """A managed policy of the account that bounds every AWS role of the team."""
    certificates: tuple[CertificateArn, ...] = ()
    """Of ACM, that its Ingresses may name. One that they do not name is found in ACM by their hosts."""
    issuers: tuple[DnsLabel, ...] = ()
    """ClusterIssuers of cert-manager that give its Ingresses certificates, for its hosts."""
    image_registries: tuple[ImageRegistry, ...] = ()
    """Where images may come from; anywhere when empty."""
    priority_classes: tuple[PriorityClass, ...] = ()
    """Which of its pods go before others of its own; without one, pods have the priority 0."""
    node_pool: NodePool | None = None
    """Nodes of its own, by Karpenter: pods tolerate the taint and select the label `blueprint/team: <name>`."""
    windows: bool = False
    """Whether its pods may run on Windows nodes, where network policies do not hold: whoever reaches a node reaches
    them, and they reach all that the nodes do. Its service accounts get AWS permissions by IRSA there.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html (considerations)"""
    workloads: tuple[TeamWorkload, ...] = ()
    """What runs in its namespaces from the first deploy on; its people bring more."""

    @property
    def spaces(self) -> tuple[TeamNamespace, ...]:
        """The team's namespaces."""
        return self.namespaces or (TeamNamespace(self.name),)

    def exposure(self, facts: ClusterFacts) -> Exposure:
        """What it may show to the outside."""
        edges = {"internet-facing": FromLoadBalancer, "internal": FromInternalLoadBalancer}
        let_in = (scheme for scheme, kind in edges.items() if any(isinstance(edge, kind) for edge in self.network))
        named = facts.named_subnets
        return Exposure(self.name, self.hosts, tuple(let_in), self.certificates, self.issuers, named)

    @property
    def connections(self) -> frozenset[Connection]:
        opened = ((edge.team, port) for edge in self.network if isinstance(edge, ToTeam) for port in edge.ports)
        return frozenset(Connection(self.name, other, port) for other, port in opened)

    @property
    def accepts(self) -> frozenset[Connection]:
        let_in = ((edge.team, port) for edge in self.network if isinstance(edge, FromTeam) for port in edge.ports)
        return frozenset(Connection(other, self.name, port) for other, port in let_in)

    @property
    def partners(self) -> frozenset[str]:
        return frozenset(share.team for share in self.shares)

    @property
    def asks_for(self) -> frozenset[Offer]:
        used = {
            NODES_ON_DEMAND: self.node_pool,
            COPIED_SECRETS: self.copied_secrets,
            MOUNTED_SECRETS: any(account.secrets for account in self.service_accounts),
        }
        of_workloads = (each.asks_for for each in self.workloads)
        return frozenset(offer for offer, use in used.items() if use).union(*of_workloads)

    def problems(self) -> Iterator[Problem]:
        if not any((self.owners, self.developers, self.viewers, self.deployers)):
            rule = "a team has people: owners, developers, viewers or deployers"
            yield Problem(("developers",), self.developers, rule, 'write for example developers=(Role("Payments"),)')
        if self.node_pool and len(name := self.node_pool.owned_by(TEAM_LABEL, self.name).name) > _LONGEST_LABEL:
            # https://github.com/kubernetes-sigs/karpenter/blob/v1.9.1/pkg/controllers/provisioning/scheduling/nodeclaimtemplate.go#L80
            rule = f"the nodes would carry the name of their pool, {name}, as a label, which has at most 63 characters"
            yield Problem(("name",), self.name, rule, "take a shorter one, or leave node_pool out")
        if self.node_pool and self.node_pool.static_nodes is not None:
            rule = "nodes of a team come when its pods need them, and go"
            fix = "leave it out, or let the platform team add such a pool"
            yield Problem(("node_pool", "static_nodes"), self.node_pool.static_nodes, rule, fix)
        if not self.namespaces:
            yield from (replace(problem, path=("name",)) for problem in TeamNamespace(self.name).problems())
        names = [(("namespaces", i, "name"), space.name) for i, space in enumerate(self.namespaces)]
        yield from duplicates(names, "namespace", "remove the repeated one")
        accounts = [
            (("service_accounts", i), f"{each.namespace}/{each.name}") for i, each in enumerate(self.service_accounts)
        ]
        yield from duplicates(accounts, "service account", "put all its permissions and secrets into one")
        copied = [(("copied_secrets", i, "namespace"), each.namespace) for i, each in enumerate(self.copied_secrets)]
        yield from duplicates(copied, "namespace", "put all its secrets into one")
        keys = [(("workloads", i), each.key) for i, each in enumerate(self.workloads)]
        yield from duplicates(keys, "workload", "rename one, or remove it")
        own = {space.name for space in self.spaces}
        for field in ("shares", "service_accounts", "copied_secrets", "workloads"):
            for index, user in enumerate(getattr(self, field)):
                if user.namespace not in own:
                    fix = f"write one of {', '.join(sorted(own))}"
                    path = (field, index, "namespace")
                    yield Problem(path, user.namespace, "must be a namespace of the team", fix)
        edges = [(("network", i), edge.key) for i, edge in enumerate(self.network)]
        yield from duplicates(edges, "connection", "put all ports into one")
        yield from crowded(self.network)
        classes = [(("priority_classes", i, "name"), each.name) for i, each in enumerate(self.priority_classes)]
        yield from duplicates(classes, "priority class", "rename one")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        spaces = {space.name: space for space in self.spaces}
        for index, workload in enumerate(self.workloads):
            found = workload.problems_on(facts, spaces[workload.namespace], self.exposure(facts))
            yield from (problem.below(("workloads", index)) for problem in found)
        if self.node_pool:
            yield from (problem.below(("node_pool",)) for problem in self.node_pool.problems_on(facts))
        for index, edge in enumerate(self.network):
            if isinstance(edge, FromLoadBalancer) and not facts.load_balancer_ranges:
                rule = "the network has no subnets for load balancers that answer the internet"
                fix = "name them in load_balancers of the network, or write FromInternalLoadBalancer(…)"
                yield Problem(("network", index), Quoted("FromLoadBalancer"), rule, fix)
            if isinstance(edge, ToAwsServices) and not facts.endpoint_ranges:
                rule = "the network has no subnets for interface endpoints, so AWS services have public addresses"
                fix = "write ToInternet(), or name them in the network: interface_endpoints, in a VPC that is there "
                fix += "already endpoints as well"
                yield Problem(("network", index), Quoted("ToAwsServices"), rule, fix)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        facts = replace(facts, pod_identity=not (self.windows and facts.windows))
        names = [space.name for space in self.spaces]
        holders: tuple[ServiceAccount | CopiedSecrets, ...] = (*self.service_accounts, *self.copied_secrets)
        grants = tuple(holder.grant(facts, self.permissions_boundary) for holder in holders)
        return Contribution(
            access=tuple(self._access(facts)),
            grants=grants,
            namespaces=tuple(
                Namespace(space.name, space.pod_security, ((TEAM_LABEL, self.name), *sorted(space.labels.items())))
                for space in self.spaces
            ),
            releases=tuple(chain.from_iterable(workload.releases() for workload in self.workloads)),
            objects=(
                *self._cluster_objects(facts),
                *chain.from_iterable(self._objects(space, facts) for space in self.spaces),
                *chain.from_iterable(holder.manifests(facts) for holder in holders),
                *chain.from_iterable(workload.objects(self.name, names, facts) for workload in self.workloads),
            ),
            objects_first=True,
            launched_nodes=(self.node_pool.owned_by(TEAM_LABEL, self.name).launched(facts),) if self.node_pool else (),
            aws_services=tuple(sorted({secret.service for _, secret in self.named_secrets})),
            from_git=tuple(chain.from_iterable(workload.from_git(self.name, facts) for workload in self.workloads)),
            hosts=self.hosts,
            notes=(*self._notes(grants),),
        )

    @property
    def named_secrets(self) -> Sequence[tuple[FieldPath, TeamSecret]]:
        holders: dict[FieldPath, ServiceAccount | CopiedSecrets] = {
            **{("service_accounts", index): each for index, each in enumerate(self.service_accounts)},
            **{("copied_secrets", index): each for index, each in enumerate(self.copied_secrets)},
        }
        return [
            ((*path, "secrets", index), secret)
            for path, holder in holders.items()
            for index, secret in enumerate(holder.secrets)
        ]

    @property
    def statements(self) -> Sequence[tuple[FieldPath, Statement]]:
        return [
            (("service_accounts", index, "permissions", number), statement)
            for index, account in enumerate(self.service_accounts)
            for number, statement in enumerate(account.permissions)
        ]

    @property
    def places(self) -> Mapping[str, FieldPath]:
        copied = {f"{each.namespace}/{READER}": ("copied_secrets", i) for i, each in enumerate(self.copied_secrets)}
        accounts = {
            f"{each.namespace}/{each.name}": ("service_accounts", i) for i, each in enumerate(self.service_accounts)
        }
        workloads = enumerate(self.workloads)
        releases = {each.name: ("workloads", i) for i, workload in workloads for each in workload.releases()}
        return {**copied, **accounts, **releases}

    def _notes(self, grants: Sequence[Grant]) -> Iterator[str]:
        # https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation
        for space in self.spaces:
            yield (
                f"who may create pods in {space.name} may read its Secrets, by mounting them, and who may see pods "
                "there reads what they log: what few may know belongs in a namespace of its own"
            )
        for grant in grants:
            yield f"who may create pods in {grant.namespace} may act as the AWS role of {grant.name}"
        for edge in self.network:
            if isinstance(edge, FromInternalLoadBalancer):
                ports = " and ".join(map(str, edge.ports))
                yield (
                    f"internal load balancers reach its pods on port {ports}, and so do nodes and pods of add-ons; "
                    "pods of other teams only where their team names the private subnets in a ToRange"
                )

    def _access(self, facts: ClusterFacts) -> Iterator[AccessEntry]:
        """One entry for each principal, with the groups of all its roles."""
        groups: dict[str, list[str]] = {}
        people = (self.owners, self.developers, self.viewers, self.deployers)
        for role, principals in zip(ROLES, people, strict=True):
            for principal in principals:
                groups.setdefault(principal.arn(facts.account), []).append(group(self.name, role))
        for arn, found in groups.items():
            yield AccessEntry(arn, groups=tuple(dict.fromkeys(found)))

    def _cluster_objects(self, facts: ClusterFacts) -> Iterator[Manifest]:
        own, off_windows = self.node_pool is not None, facts.windows and not self.windows
        yield from guards(
            self.name, self.image_registries, self.priority_classes, own_nodes=own, keeps_off_windows=off_windows
        )
        yield from exposure_policies(self.exposure(facts), namespaces_of(self.name))
        for priority in self.priority_classes:
            yield priority.manifest(self.name)
        if self.node_pool:
            yield self.node_pool.owned_by(TEAM_LABEL, self.name).manifest(facts)

    def _objects(self, space: TeamNamespace, facts: ClusterFacts) -> Iterator[Manifest]:
        made = (each for each in self.permissions if "create" in each.verbs)
        counted = (f"{kind}.{each.api_group}" for each in made for kind in each.resources if "/" not in kind)
        yield space.quota.manifest(space.name, counted, facts.device_classes)
        yield without_others(space.name)
        yield space.container_defaults.manifest(space.name)
        yield from policies(space.name, self.network, facts)
        # Pods that do not name a service account get no Kubernetes credentials.
        yield named("v1", "ServiceAccount", "default", space.name, automountServiceAccountToken=False)
        for role in ROLES:
            allowed = rules(role, self.permissions)
            yield named(f"{RBAC}/v1", "Role", role, space.name, rules=allowed)
            shared = (share.team for share in self.shares if (share.namespace, share.role) == (space.name, role))
            yield binding(space.name, role, (self.name, *shared))
