"""What must hold in every cluster. Each property yields a line for every way out of a namespace that it finds."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from blueprint.iam import policy
from blueprint.network import SubnetKind
from blueprint.references import PARTITION
from blueprint.teams import FromInternalLoadBalancer, FromLoadBalancer, ToAwsServices, ToInternet, ToRange
from tests.addons.support import deployed
from tests.isolation.admission import Request, refusals
from tests.isolation.aws import forbidden
from tests.isolation.exposure import admits, foreign_exposure
from tests.isolation.network import Pod, Ports
from tests.isolation.pod_security import violations
from tests.isolation.rbac import allowed, can, rules_for, user
from tests.isolation.world import ISSUER, Object, World, grants
from tests.permissions.evaluator import allowed as decided
from tests.permissions.evaluator import trusted

Property = Callable[[World], Iterator[str]]

READS = ("get", "list", "watch")
WRITES = ("create", "update", "patch", "delete", "deletecollection")
BASIC = rules_for((), user("anybody"))
# Resources of a namespace, and the namespace itself, by which somebody could lift its restrictions, take over others'
# traffic or act as somebody else: group, resource, subresource, verbs. Nobody may do anything to the cluster's own.
GUARDS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    *(("", resource, "", WRITES) for resource in ("resourcequotas", "limitranges", "serviceaccounts", "namespaces")),
    *(("", resource, "status", WRITES) for resource in ("resourcequotas", "namespaces", "services", "pods")),
    ("", "namespaces", "finalize", WRITES),
    ("", "serviceaccounts", "token", ("create",)),
    ("", "serviceaccounts", "", ("impersonate",)),
    # A pod on the node of its choice, whatever its taints.
    ("", "bindings", "", ("create",)),
    ("", "pods", "binding", ("create",)),
    # A load balancer or Service of the team before pods of others: CVE-2021-25740.
    ("", "endpoints", "", WRITES),
    ("discovery.k8s.io", "endpointslices", "", WRITES),
    ("elbv2.k8s.aws", "targetgroupbindings", "", WRITES),
    ("networking.k8s.io", "networkpolicies", "", WRITES),
    # Records and certificates for any name: what their controllers make of these, nobody judges.
    ("networking.k8s.io", "ingresses", "status", WRITES),
    *(("cert-manager.io", name, "", WRITES) for name in ("certificates", "certificaterequests", "issuers")),
    *(("acme.cert-manager.io", name, "", WRITES) for name in ("orders", "challenges")),
    ("externaldns.k8s.io", "dnsendpoints", "", WRITES),
    # What the VPC CNI makes of network policies, and what it adds to them; security groups of pods.
    *(("networking.k8s.aws", name, "", WRITES) for name in ("policyendpoints", "applicationnetworkpolicies")),
    ("vpcresources.k8s.aws", "securitygrouppolicies", "", WRITES),
    ("rbac.authorization.k8s.io", "roles", "", (*WRITES, "bind", "escalate")),
    ("rbac.authorization.k8s.io", "clusterroles", "", ("bind",)),
    ("rbac.authorization.k8s.io", "rolebindings", "", WRITES),
)
# Of a namespace's own matters only its owners have these. Who reads `nodes/proxy` opens shells by the kubelet:
# https://kubernetes.io/docs/concepts/security/rbac-good-practices/#access-to-proxy-subresource-of-nodes
OF_OWNERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("secrets", "", (*READS, *WRITES)),
    *(("pods", name, ("get", "create")) for name in ("exec", "attach")),
    ("pods", "ephemeralcontainers", ("update", "patch")),
    *((kind, "proxy", ("get", "create")) for kind in ("nodes", "pods", "services")),
    ("serviceaccounts", "token", ("create",)),
)


def nothing_elsewhere(world: World) -> Iterator[str]:
    """Nobody may do anything in a namespace where they have no role, or in the whole cluster."""
    for actor in (*world.members, *world.pods_as_users):
        for namespace in ("", *world.namespaces):
            if namespace not in actor.roles and (rules := rules_for(world.objects, actor.user, namespace)) != BASIC:
                yield f"{actor.user.name} in {namespace or 'the cluster'}: {rules[len(BASIC) :]}"


def no_foreign_secret(world: World) -> Iterator[str]:
    """Secrets are for owners, in their namespaces, and for administrators."""
    for actor in (*world.people, *world.pods_as_users):
        if actor.user.name in world.administrators:
            continue
        for namespace in ("", *world.namespaces):
            rules = rules_for(world.objects, actor.user, namespace)[len(BASIC) :]
            if not rules or "owner" in actor.roles.get(namespace, ()):
                continue
            for resource, subresource, verbs in OF_OWNERS:
                for verb in verbs:
                    if allowed(rules, verb, resource, subresource=subresource, name="x"):
                        yield f"{actor.user.name} may {verb} {resource}/{subresource} in {namespace}"


def guard_rails_stay(world: World) -> Iterator[str]:
    """Nobody removes or loosens what confines a team; the namespace's labels are part of it."""
    for actor in (*world.members, *world.pods_as_users):
        for namespace in world.owner:
            rules = rules_for(world.objects, actor.user, namespace)[len(BASIC) :]
            for group, resource, subresource, verbs in GUARDS if rules else ():
                for verb in verbs:
                    if allowed(rules, verb, resource, group=group, subresource=subresource, name=namespace):
                        yield f"{actor.user.name} may {verb} {resource}/{subresource} in {namespace}"


def viewers_only_look(world: World) -> Iterator[str]:
    """Viewers change nothing; operators do not either, in the whole cluster."""
    looking = [(one, space) for one in world.members for space, roles in one.roles.items() if roles == {"viewer"}]
    platform = [one for one in world.people if one.user.name in world.operators - world.administrators]
    looking += [(one, space) for one in platform for space in ("", *world.namespaces) if not one.roles]
    for actor, namespace in looking:
        for rule in rules_for(world.objects, actor.user, namespace)[len(BASIC) :]:
            if set(rule["verbs"]) - set(READS):
                yield f"{actor.user.name} in {namespace}: {rule}"


def few_administrators(world: World) -> Iterator[str]:
    """Only break-glass and platform principals are, and no object gives rights to one of Kubernetes' own groups."""
    everything = ("*", "*")
    found = {
        actor.user.name
        for actor in (*world.people, *world.pods_as_users)
        if can(world.objects, actor.user, *everything, group="*") or can(world.objects, actor.user, "create", "pods")
    }
    for name in found ^ world.administrators:
        yield f"{name} is an administrator, or should be one"
    for entry in world.entries:
        for group in entry.groups:
            if not group.startswith("team:"):
                yield f"{entry.principal} is in {group}"
    for binding in (*world.of_kind("RoleBinding"), *world.of_kind("ClusterRoleBinding")):
        for subject in binding["subjects"]:
            if subject["kind"] == "Group" and not subject["name"].startswith("team:"):
                yield f"{binding['metadata']['name']} is for {subject['name']}"


def pods_stay_apart(world: World) -> Iterator[str]:
    """Pods of a team reach those of their namespace, and of others only where both sides say so."""
    for source in world.pods:
        team = world.owner.get(source.namespace)
        for target in world.pods:
            if source.namespace == target.namespace or not (team or target.namespace in world.owner):
                continue
            other = world.owner.get(target.namespace)
            found = world.network.open_ports(source, target)
            internal = _tcp(_let_in(world, other, FromInternalLoadBalancer)) if other else set()
            if team and other:
                # What both sides say: one that these addresses may come in, the other that it goes to these addresses.
                declared = _tcp(world.declared_ports(team, other)) | (internal & _outside(world, team, target))
            else:
                declared = _outside(world, team, target) if team else internal
            for ports in set(found) - declared:
                yield f"{source.namespace} reaches {target.namespace} on {ports}"


Inlet = type[FromLoadBalancer] | type[FromInternalLoadBalancer]


def _let_in(world: World, team: str, kind: Inlet) -> set[int]:
    """Ports on which a team lets load balancers of a kind in."""
    return {port for edge in world.teams[team].network if isinstance(edge, kind) for port in edge.ports}


def _tcp(ports: Iterable[int]) -> set[Ports]:
    return {("TCP", port, port) for port in ports}


_DNS: set[Ports] = {("TCP", 53, 53), ("UDP", 53, 53)}


def _outside(world: World, team: str, target: Pod | str) -> set[Ports]:
    """What a team may reach that belongs to no team."""
    address = ipaddress.ip_address(target if isinstance(target, str) else target.ip)
    edges = world.teams[team].network
    ports: set[int] = set()
    for edge in edges:
        if (isinstance(edge, ToRange) and address in ipaddress.ip_network(edge.cidr)) or (
            isinstance(edge, ToInternet) and address.is_global
        ):
            ports |= set(edge.ports)
        if isinstance(edge, ToAwsServices) and any(address in one for one in _ranges(world, "endpoints")):
            ports.add(443)
    if str(address) == "169.254.170.23":
        ports.add(80)
    found = _tcp(ports)
    dns = isinstance(target, Pod) and target.namespace == "kube-system" and target.labels.get("k8s-app") == "kube-dns"
    return found | _DNS if dns or world.plan.facts.auto_mode else found


# Instance metadata, the agent of EKS Pod Identity, two in the internet, and one each of private ranges.
ADDRESSES = (
    *("169.254.169.254", "169.254.170.23", "8.8.8.8", "1.1.1.1"),
    *("10.200.0.9", "172.20.0.1", "192.168.0.1", "100.64.0.1"),
)


def _addresses(world: World) -> tuple[str, ...]:
    """These, those of endpoints, and at last one of a load balancer in a public subnet and one of a node or an internal
    load balancer.
    """
    (public, *_), (private, *_) = _ranges(world, "public"), _ranges(world, "private")
    return (*ADDRESSES, *(str(one[4]) for one in _ranges(world, "endpoints")), str(public[5]), str(private[-9]))


def _ranges(world: World, kind: SubnetKind) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(subnet.cidr) for subnet in world.plan.network.of_kind(kind)]


def doors_stay_shut(world: World) -> Iterator[str]:
    """Between a team's pods and all that is no pod, only declared traffic passes."""
    *_, of_load_balancer, of_node = addresses = _addresses(world)
    for pod in world.pods:
        if not (team := world.owner.get(pod.namespace)):
            continue
        for address in addresses:
            for ports in set(world.network.open_ports(pod, address)) - _outside(world, team, address):
                yield f"{pod.namespace} reaches {address} on {ports}"
            inlets: dict[str, Inlet] = {of_load_balancer: FromLoadBalancer, of_node: FromInternalLoadBalancer}
            kind = inlets.get(address)
            let_in = _let_in(world, team, kind) if kind else set()
            for ports in set(world.network.open_ports(address, pod)) - _tcp(let_in):
                yield f"{address} reaches {pod.namespace} on {ports}"


MOST_ENTRIES = 24


def all_ports_are_kept(world: World) -> Iterator[str]:
    """What the policies of a pod open to one address is enforced in full.

    aws-network-policy-agent pkg/ebpf/c/tc.v4ingress.bpf.c:15 (#define MAX_PORT_PROTOCOL 24)
    """
    others: tuple[Pod | str, ...] = (*world.pods, *_addresses(world))
    for pod in (one for one in world.pods if one.namespace in world.owner and not one.labels):
        for other in others:
            for direction in ("Ingress", "Egress"):
                if (kept := world.network.entries(pod, direction, other)) > MOST_ENTRIES:
                    yield f"{pod.namespace}: {kept} entries for {other}, {direction}"


def roles_stay_apart(world: World) -> Iterator[str]:
    """A pod takes on the AWS role of its own service account in this cluster, and nobody takes on any other."""
    for name, trust in world.trusts.items():
        for team_namespace, account, cluster_arn, issuer in _sessions(world):
            if issuer == ISSUER and f"{team_namespace}/{account}" == name:
                continue
            token = {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"system:serviceaccount:{team_namespace}:{account}",
            }
            if assumable(trust, pod_identity(world, team_namespace, account, cluster_arn)) or assumable(trust, token):
                yield f"{team_namespace}/{account} of {cluster_arn} acts as {name}"
        principals = [principal for one in trust["Statement"] for principal in one["Principal"].items()]
        for kind, principal in principals:
            expected = f"arn:aws:iam::{world.plan.facts.account}:oidc/OWN" if kind == "Federated" else _AGENT
            if principal != expected:
                yield f"{principal} acts as {name}"


_AGENT = "pods.eks.amazonaws.com"


def _sessions(world: World) -> Iterator[tuple[str, str, str, str]]:
    own = deployed(world.plan.facts.cluster_arn)
    names = {name.partition("/")[2] for name in world.trusts} | {"default"}
    spaces = (*world.owner, "kube-system", "default")
    for namespace in spaces:
        for account in sorted(names):
            yield namespace, account, own, ISSUER
            yield namespace, account, f"{own}-2", f"{ISSUER}-2"


def pod_identity(world: World, namespace: str, account: str, cluster_arn: str) -> dict[str, str]:
    """What EKS says about a pod when it asks for the credentials of a role.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    """
    return {
        "aws:SourceAccount": world.plan.facts.account,
        "aws:SourceArn": cluster_arn,
        "aws:RequestTag/eks-cluster-arn": cluster_arn,
        "aws:RequestTag/eks-cluster-name": cluster_arn.rpartition("/")[2],
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": account,
        "aws:RequestTag/kubernetes-pod-name": "any",
    }


def assumable(trust: Object, session: Mapping[str, str]) -> bool:
    """Whether a session of EKS Pod Identity, or a token of a cluster, gets the role."""
    return any(trusted(trust, action, session) for action in ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"))


def bounded(world: World) -> Iterator[str]:
    """The permissions boundary of a team is on each of its roles."""
    for part in world.plan.teams:
        team = world.teams.get(part.name)
        for grant in part.contribution.grants if team else ():
            if world.owner.get(grant.namespace) != part.name:
                yield f"{part.name} has a role in {grant.namespace}"
            if team and grant.boundary != team.permissions_boundary:
                yield f"{grant.name} goes beyond {team.permissions_boundary}"


def roles_keep_to_their_own(world: World) -> Iterator[str]:
    """No role of a team does what is the platform's, or reads a secret that is another team's alone."""
    facts = world.plan.facts
    secrets = {
        name: {
            secret.arn(facts).replace("??????", "AbCdEf").replace(PARTITION, "aws"): secret.shared_with
            for _, secret in team.named_secrets
        }
        for name, team in world.teams.items()
    }
    for grant in grants(world.plan):
        if not (owner := world.owner.get(grant.namespace)):
            continue
        document = json.loads(json.dumps(policy(grant.statements)).replace(PARTITION, "aws"))
        asked = list(forbidden(facts))
        for team in secrets.keys() - {owner}:
            for arn, sharing in secrets[team].items():
                reads = "ssm:GetParameter" if ":parameter/" in arn else "secretsmanager:GetSecretValue"
                asked += [(reads, arn)] if owner not in sharing else []
        for action, resource in asked:
            if decided([document], action, resource, {}):
                yield f"{grant.name} may {action} on {resource}"


def _pod(context: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    return {"spec": {"containers": [{"name": "app", "securityContext": dict(context or {})}], **spec}}


BREAKOUTS: Mapping[str, Object] = {
    "hostNetwork": _pod(hostNetwork=True),
    "hostPID": _pod(hostPID=True),
    "hostIPC": _pod(hostIPC=True),
    "hostPath": _pod(volumes=[{"name": "node", "hostPath": {"path": "/"}}]),
    "privileged": _pod({"privileged": True}),
    "capabilities": _pod({"capabilities": {"add": ["SYS_ADMIN"]}}),
    "ephemeral container": _pod(ephemeralContainers=[{"name": "debug", "securityContext": {"privileged": True}}]),
}


def pods_stay_in_their_node(world: World) -> Iterator[str]:
    """No namespace of a team admits a pod that could take over its node."""
    spaces = {one["metadata"]["name"]: one for one in world.of_kind("Namespace")}
    levels = {space.name: space.pod_security for team in world.teams.values() for space in team.spaces}
    for name, level in levels.items():
        for breakout, pod in BREAKOUTS.items():
            if not list(violations(spaces[name], pod)):
                yield f"{name} admits {breakout}"
        if level == "restricted" and not list(violations(spaces[name], _pod())):
            yield f"{name} admits pods that run as root"


# Of nodes, of the account, and of what the control plane stores.
CLAIMS = {
    *("limits.memory", "pods", "requests.cpu", "requests.memory", "requests.storage", "persistentvolumeclaims"),
    *("limits.ephemeral-storage", "requests.ephemeral-storage", "services", "count/ingresses.networking.k8s.io"),
    *("configmaps", "secrets", "count/jobs.batch"),
    *(f"count/{name}.apps" for name in ("deployments", "statefulsets", "replicasets", "controllerrevisions")),
    *("count/cronjobs.batch", "count/horizontalpodautoscalers.autoscaling", "count/poddisruptionbudgets.policy"),
    *("requests.nvidia.com/gpu", "requests.aws.amazon.com/neuron"),
}


def claims_are_bounded(world: World) -> Iterator[str]:
    """A quota on what is scarce, defaults without which it would refuse most pods, no Services to the outside."""
    for name in world.owner:
        quotas = [one["spec"] for one in world.of_kind("ResourceQuota") if one["metadata"]["namespace"] == name]
        # Quotas add up to the strictest; one with scopes is for some pods only.
        whole = (quota for quota in quotas if not quota.get("scopes") and not quota.get("scopeSelector"))
        hard = {key: value for quota in whole for key, value in quota["hard"].items()}
        made = (each for each in world.teams[world.owner[name]].permissions if "create" in each.verbs)
        claims = CLAIMS | {
            f"count/{kind}.{each.api_group}" for each in made for kind in each.resources if "/" not in kind
        }
        if not hard.keys() >= claims:
            yield f"{name} claims without end: {sorted(claims - hard.keys())}"
        if {hard.get("services.nodeports"), hard.get("services.loadbalancers")} != {"0"}:
            yield f"{name} makes Services that the outside reaches"
        limits = [
            limit
            for one in world.of_kind("LimitRange")
            if one["metadata"]["namespace"] == name
            for limit in one["spec"]["limits"]
        ]
        for what, needed in {
            "default": {key.removeprefix("limits.") for key in CLAIMS if key.startswith("limits.")},
            "defaultRequest": {"cpu", "memory", "ephemeral-storage"},
            "max": {"memory", "ephemeral-storage"},
        }.items():
            if not any(limit.get(what, {}).keys() >= needed for limit in limits):
                yield f"{name} has no {what} for containers"


_ANYWHERE = {"labelSelector": {}, "topologyKey": "topology.kubernetes.io/region"}
_OF_OTHERS: tuple[Object, ...] = ({"namespaceSelector": {}, **_ANYWHERE}, {"namespaces": ["kube-system"], **_ANYWHERE})
REQUIRED, PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
AFFINITIES: Mapping[str, Object] = {
    f"{kind}, {how}, {number}": {kind: {how: [term if how == REQUIRED else {"weight": 1, "podAffinityTerm": term}]}}
    for kind in ("podAntiAffinity", "podAffinity")
    for how in (REQUIRED, PREFERRED)
    for number, term in enumerate(_OF_OTHERS)
}
"""A pod's ways to choose whom in other namespaces it stands with; by the first, no other gets into the region."""
ALONE: Object = {"podAntiAffinity": {REQUIRED: [_ANYWHERE]}}
"""Of its own namespace."""


def crosses(pod: Mapping[str, Any]) -> bool:
    """Of Kubernetes v1.36.3 pkg/quota/v1/evaluator/core/pods.go:461 (usesCrossNamespacePodAffinity)"""
    terms = (
        term.get("podAffinityTerm", term)
        for kind in ("podAffinity", "podAntiAffinity")
        for how in (REQUIRED, PREFERRED)
        for term in pod["spec"].get("affinity", {}).get(kind, {}).get(how, ())
    )
    return any(term.get("namespaces") or term.get("namespaceSelector") is not None for term in terms)


def refused_for_affinity(world: World, namespace: str, pod: Mapping[str, Any]) -> bool:
    """By a quota that has no room for such pods."""
    scope = {"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"}
    quotas = (one["spec"] for one in world.of_kind("ResourceQuota") if one["metadata"]["namespace"] == namespace)
    chosen = (quota for quota in quotas if quota.get("scopeSelector") == {"matchExpressions": [scope]})
    return crosses(pod) and any(quota["hard"].get("pods") == "0" for quota in chosen)


def pods_repel_nobody(world: World) -> Iterator[str]:
    """No pod of a team keeps pods of others from being scheduled: anti-affinity holds both ways.

    Kubernetes v1.36.3 pkg/scheduler/framework/plugins/interpodaffinity/filtering.go:353 (existingAntiAffinityCounts)
    """
    for namespace in world.owner:
        for what, affinity in AFFINITIES.items():
            if not refused_for_affinity(world, namespace, running("app", affinity=affinity)):
                yield f"{namespace} chooses among pods of others: {what}"


HELD: Object = {"metadata": {"finalizers": ["example.com/never"]}, "spec": {}}
CLAIMED: Object = {"metadata": {"finalizers": ["kubernetes.io/pvc-protection"]}, "spec": {}}
_FREE: Object = {"metadata": {}, "spec": {}}
HOLDABLE = (
    *(("", each) for each in ("configmaps", "services", "persistentvolumeclaims", "secrets")),
    *(("apps", "deployments"), ("batch", "jobs"), ("networking.k8s.io", "ingresses"), ("argoproj.io", "rollouts")),
)


def controllers_hold(world: World) -> Iterator[str]:
    """Nobody of a team gives an object a finalizer, which nobody takes away; controllers do, and take theirs away."""
    for namespace, team in world.owner.items():
        for groups in ((f"team:{team}:deployer",), ("system:serviceaccounts", "system:authenticated")):
            person = groups[0].startswith("team:")
            for group, resource in HOLDABLE:
                new = Request(resource, namespace, HELD, group=group, groups=groups)
                changed = replace(new, operation="UPDATE", old=_FREE)
                for request in (new, changed):
                    if any(refusals(world.admission, request)) is not person:
                        yield f"{namespace} {'takes' if person else 'refuses'} a finalizer of {groups[0]} on {resource}"
                for fine in (replace(changed, old=HELD), replace(changed, object=_FREE, old=HELD)):
                    yield from refusals(world.admission, fine)
            yield from refusals(world.admission, Request("persistentvolumeclaims", namespace, CLAIMED, groups=groups))


TEAM_LABEL = "blueprint/team"


def running(image: str, **spec: Any) -> Object:
    """A pod with this image."""
    return {"spec": {"containers": [{"name": "app", "image": image}], **spec}}


def tolerations(team: str) -> tuple[Object, ...]:
    """All ways to tolerate the taint of a team's nodes."""
    return (
        {"key": TEAM_LABEL, "operator": "Equal", "value": team, "effect": "NoSchedule"},
        {"key": TEAM_LABEL, "value": team},
        {"key": TEAM_LABEL, "operator": "Exists"},
        {"operator": "Exists", "effect": "NoSchedule"},
        {"operator": "Exists"},
    )


# What a node mounts by what a pod of the baseline standard says, past RBAC and network policies.
VOLUMES: Mapping[str, Object] = {
    "awsElasticBlockStore": {"volumeID": "vol-0123456789abcdef0"},
    "nfs": {"server": "10.0.9.9", "path": "/"},
    "iscsi": {"targetPortal": "10.0.9.9:3260", "iqn": "iqn.2001-04.com.example:a", "lun": 0},
    "flexVolume": {"driver": "example.com/any"},
    "cephfs": {"monitors": ["10.0.9.9:6789"]},
}


def foreign(world: World, name: str) -> Iterator[tuple[str, str, Object]]:
    """What the namespaces of a team refuse: what it is, the resource, an object."""
    team = world.teams[name]
    own = team.image_registries
    allowed_image = f"{own[0]}app" if own else "app"
    classes = {one["metadata"]["name"] for one in world.of_kind("PriorityClass")}
    classes -= {f"team-{name}-{each.name}" for each in team.priority_classes}
    for each in ("system-node-critical", "system-cluster-critical", *sorted(classes)):
        yield f"pods of class {each}", "pods", running(allowed_image, priorityClassName=each)
    yield "external addresses", "services", {"metadata": {}, "spec": {"type": "ClusterIP", "externalIPs": ["8.8.8.8"]}}
    for image in ("nginx", "evil.example.com/app", *(registry[:-1] for registry in own)) if own else ():
        inside = {"name": "app", "image": allowed_image}
        bad = {"name": "bad", "image": image}
        yield f"image {image}", "pods", running(image)
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            resource = "pods/ephemeralcontainers" if kind == "ephemeralContainers" else "pods"
            beside = inside if kind == "containers" else {**inside, "name": "beside"}
            yield f"image {image} among {kind}", resource, {"spec": {"containers": [inside], kind: [beside, bad]}}
    for what, source in VOLUMES.items():
        yield f"a volume of kind {what}", "pods", running(allowed_image, volumes=[{"name": "data", what: source}])
    if own:
        for reference in ("evil.example.com/data", own[0][:-1]):
            pod = running(allowed_image, volumes=[{"name": "data", "image": {"reference": reference}}])
            yield f"a volume of the image {reference}", "pods", pod
    yield "a pod that takes years to end", "pods", running(allowed_image, terminationGracePeriodSeconds=10**8)
    for other in world.teams.values():
        if other.node_pool and other.name != name:
            for toleration in tolerations(other.name):
                pod = running(allowed_image, tolerations=[{"key": "x"}, toleration])
                yield f"pods on nodes of {other.name}", "pods", pod


def admission_refuses(world: World) -> Iterator[str]:
    """Classes, addresses, images and nodes that are not the team's."""
    for namespace, team in world.owner.items():
        for what, resource, one in foreign(world, team):
            requests = [Request(resource, namespace, one, operation="UPDATE", old=_owned(world, team, resource))]
            if "/" not in resource:
                requests.append(Request(resource, namespace, one))
            for request in requests:
                if not any(refusals(world.admission, request)):
                    yield f"{namespace} takes {what} ({request.operation})"


_SERVICE: Object = {"metadata": {}, "spec": {"type": "ClusterIP"}}


def _owned(world: World, team: str, resource: str) -> Object:
    """What nothing is wrong with."""
    own = world.teams[team].image_registries
    return running(f"{own[0]}app" if own else "app") if resource.startswith("pods") else _SERVICE


def what_is_there_can_go(world: World) -> Iterator[str]:
    """Whoever changes nothing of it is let through, as a controller that removes its finalizer: rules come later.

    https://kubernetes.io/docs/concepts/workloads/controllers/job (job tracking with finalizers)
    """
    for namespace, team in world.owner.items():
        for what, resource, one in foreign(world, team):
            kept = {**one, "metadata": {"finalizers": ["batch.kubernetes.io/job-tracking"]}}
            request = Request(resource, namespace, one, operation="UPDATE", old=kept)
            for message in refusals(world.admission, request):
                yield f"{namespace} keeps {what} for ever: {message}"


def names_have_owners(world: World) -> Iterator[str]:
    """No team is served, published or certified under a name of others, or by load balancers that are not its own."""
    for namespace, team in world.owner.items():
        for sent in foreign_exposure(world, team):
            if admits(world, namespace, sent):
                yield f"{namespace} takes {sent.what} ({'UPDATE' if sent.old else 'CREATE'})"


PROPERTIES: tuple[Property, ...] = (
    nothing_elsewhere,
    no_foreign_secret,
    guard_rails_stay,
    viewers_only_look,
    few_administrators,
    pods_stay_apart,
    doors_stay_shut,
    all_ports_are_kept,
    roles_stay_apart,
    bounded,
    roles_keep_to_their_own,
    pods_stay_in_their_node,
    claims_are_bounded,
    pods_repel_nobody,
    controllers_hold,
    admission_refuses,
    what_is_there_can_go,
    names_have_owners,
)


def ways_out(world: World) -> list[str]:
    """Everything that any property finds."""
    return [f"{each.__name__}: {line}" for each in PROPERTIES for line in each(world)]


def broken(world: World, among: Iterable[Property] = PROPERTIES) -> set[str]:
    """Names of the properties that do not hold."""
    return {each.__name__ for each in among if next(each(world), None)}
