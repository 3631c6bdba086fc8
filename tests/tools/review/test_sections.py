"""What the other sections say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from blueprint.access import AccessEntry, AccessPolicy
from blueprint.contribution import Chart, Contribution, ManagedAddon, Release
from blueprint.planning.document import Part
from tests.plans import release
from tests.tools.review.support import (
    Made,
    changing,
    cluster,
    fleet,
    resource,
    rows,
    thing,
    touched,
    words,
)
from tools.review.definitions import applied
from tools.review.sections import exposure, headroom, matrix, objects, pictures, summary, templates, versions
from tools.revision.differences import Change, Impact

DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def policy(name: str, **spec: Any) -> dict[str, Any]:
    """A network policy of the namespace shop."""
    return thing("NetworkPolicy", name, "shop", "networking.k8s.io", spec=spec)


def shop(*things: Any) -> Any:
    """A cluster with the namespace shop."""
    return cluster(objects=(thing("Namespace", "shop"), *things))


def test_the_api_on_the_internet() -> None:
    assert rows(exposure.section(changing(cluster(), cluster(public_ranges=("203.0.113.0/24",))))) == [
        ("+", "the Kubernetes API", "answers 203.0.113.0/24 on the internet")
    ]


def test_a_guard_that_goes_is_a_warning_unless_its_namespace_goes_too() -> None:
    closed, opened = shop(policy("deny", **DENY)), shop()
    both = "accept nothing but what a policy allows\nreach nothing but what a policy allows"
    assert rows(exposure.section(changing(closed, opened))) == [("!", "all pods of shop", both)]
    assert rows(exposure.section(changing(opened, closed))) == [("~", "all pods of shop", both)]
    assert rows(exposure.section(changing(closed, cluster()))) == []


def test_rules_in_words() -> None:
    labels = {"kubernetes.io/metadata.name": "web"}
    rules = [
        {"from": [{"namespaceSelector": {"matchLabels": labels}}], "ports": [{"port": 80, "endPort": 90}]},
        {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}], "ports": [{"protocol": "UDP"}]},
        {"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]},
        {},
    ]
    chosen = {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["x"]}]}
    found = exposure.section(changing(shop(), shop(policy("p", podSelector=chosen, ingress=rules))))
    assert [row[1:] for row in rows(found)] == [
        (
            "pods with tier In x of shop",
            "accept nothing but what a policy allows",
        ),
        (
            "pods with tier In x of shop",
            "\n".join(
                (
                    "accept all pods of web on TCP 80-90",
                    "accept every address but not 10.0.0.0/8 on UDP all",
                    "accept pods with a=b of all namespaces on all ports",
                    "accept every address on all ports",
                )
            ),
        ),
    ]


def test_security_groups_services_and_ingresses() -> None:
    rule = {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    nowhere = {"CidrIp": "255.255.255.255/32", "IpProtocol": "icmp", "FromPort": 252, "ToPort": 86}
    group = resource("AWS::EC2::SecurityGroup", SecurityGroupIngress=[rule], SecurityGroupEgress=[nowhere])
    more = resource("AWS::EC2::SecurityGroupIngress", SourceSecurityGroupId={"Ref": "G"}, IpProtocol="-1")
    service = thing("Service", "web", "shop", spec={"type": "LoadBalancer"})
    ingress = thing("Ingress", "web", "shop", "networking.k8s.io", spec={"rules": [{"host": "a.example.com"}]})
    after = cluster(network={"G": group, "I": more}, objects=(service, ingress))
    assert rows(exposure.section(changing(cluster(), after))) == [
        ("+", "security group G", "accepts 0.0.0.0/0 on tcp 443"),
        ("+", "security group I", "accepts ${G} on all ports"),
        ("+", "Service shop/web (LoadBalancer)", "accepts every address"),
        ("+", "Ingress shop/web", "answers for a.example.com"),
    ]


@pytest.mark.parametrize(
    ("kind", "group", "annotation"),
    [
        ("Service", "", "service.beta.kubernetes.io/aws-load-balancer-scheme"),
        ("Ingress", "networking.k8s.io", "alb.ingress.kubernetes.io/scheme"),
    ],
)
def test_load_balancers_on_the_internet_are_called_so(kind: str, group: str, annotation: str) -> None:
    """https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#scheme"""
    for scheme in ("internet-facing", "internal"):
        one = thing(kind, "web", "shop", group, spec={"type": "LoadBalancer"})
        one["metadata"]["annotations"] = {annotation: scheme}
        ((_, _, connection),) = rows(exposure.section(changing(cluster(), cluster(objects=(one,)))))
        assert connection.endswith(" on the internet") == (scheme == "internet-facing")
        values: dict[str, Any] = {"service": {"annotations": {annotation: scheme}}}
        found = rows(exposure.section(changing(cluster(), cluster(releases=(release("web", **values),)))))
        assert [what for _, what, _ in found] == ["release web/web"] * (scheme == "internet-facing")


def test_objects_and_their_fields() -> None:
    quota = thing("ResourceQuota", "team", "shop", spec={"hard": {"pods": "10", "requests.cpu": "1"}})
    more = thing("ResourceQuota", "team", "shop", spec={"hard": {"pods": "20", "requests.cpu": "1"}, "scopes": []})
    found = rows(objects.section(changing(shop(quota), shop(more, thing("ConfigMap", "a", "shop")))))
    assert found == [
        ("+", "ConfigMap", "shop", "a"),
        ("~", "ResourceQuota shop/team", "spec.hard.pods", "10", "20"),
        ("+", "ResourceQuota shop/team", "spec.scopes", "", "[]"),
    ]
    assert rows(objects.section(changing(shop(quota), cluster()))) == [("-", "Namespace, with all in it", "", "shop")]


def test_a_namespace_that_comes_stands_for_all_in_it() -> None:
    """What it brings is listed where it is asked for, and not among what changes in namespaces that are there."""
    quota, other = thing("ResourceQuota", "team", "shop"), thing("ConfigMap", "a", "kube-system")
    found = changing(cluster(), shop(quota, other))
    assert rows(objects.section(found)) == [
        ("+", "Namespace, with all in it", "", "shop"),
        ("+", "ConfigMap", "kube-system", "a"),
    ]
    brought = objects.brought(found)
    assert (rows(brought), brought.open) == ([("+", "ResourceQuota", "shop", "team")], False)
    assert objects.brought(changing(shop(quota), shop(quota, other))).blocks == ()


def test_versions_that_come_move_and_go() -> None:
    layer = resource("AWS::Lambda::LayerVersion", Description="/opt/kubectl/kubectl 1.36.3; /opt/helm/helm 4.2.3")
    before = cluster(version="1.35", managed={"vpc-cni": "v1.22.4-eksbuild.3"}, control={"L": layer})
    after = cluster(version="1.36", managed={"vpc-cni": "v1.23.2-eksbuild.1"})
    assert rows(versions.section(changing(before, after))) == [
        ("~", "Kubernetes", "1.35", "1.36", "CHANGELOG-1.36.md"),
        ("~", "EKS add-on vpc-cni", "v1.22.4-eksbuild.3", "v1.23.2-eksbuild.1", ""),
        ("-", "kubectl that installs charts and objects", "1.36.3", "", ""),
        ("-", "helm that installs charts and objects", "4.2.3", "", ""),
    ]


def test_where_a_chart_comes_from_matters_when_it_moves() -> None:
    old = release("web")
    new = replace(old, chart=replace(old.chart, repository="https://mirror.example.com"))
    with_old, with_new = cluster(releases=(old,)), cluster(releases=(new,))
    assert rows(versions.section(changing(with_old, with_new))) == [
        ("~", "repository of web", "https://charts.example.com", "https://mirror.example.com", "")
    ]
    assert rows(versions.section(changing(cluster(), with_old))) == [("+", "chart web", "", "1.0.0", "")]


def test_a_chart_that_moves_without_its_definitions() -> None:
    """aws-load-balancer-controller#4712."""
    name = "aws-load-balancer-controller"

    def of(version: str, **values: Any) -> Release:
        made = release(name, version, **values)
        return replace(made, chart=replace(made.chart, definitions_stay=True))

    before, after = (cluster(releases=(of(version),)) for version in ("3.2.0", "3.5.0"))
    found = rows(versions.section(changing(before, after)))
    command = (
        f"helm show crds {name} --repo https://charts.example.com --version 3.5.0 "
        "| kubectl apply --server-side --force-conflicts -f -"
    )
    assert found[-1] == ("!", name, "3.5.0", command)
    others = [
        changing(cluster(), after),
        changing(before, cluster(releases=(of("3.2.0", replicaCount=3),))),
        changing(cluster(releases=(release("web"),)), cluster(releases=(release("web", "2.0.0"),))),
        changing(
            cluster(releases=(of("3.5.0"), release("web"))),
            cluster(releases=(of("3.5.0", replicaCount=3), release("web", "2.0.0"))),
        ),
    ]
    assert not [row for other in others for row in rows(versions.section(other)) if row[0] == "!"]


@pytest.mark.parametrize(
    ("repository", "source"),
    [
        ("oci://public.ecr.aws/a/external-dns", "oci://public.ecr.aws/a/external-dns"),
        ("https://charts.example.com", "external-dns --repo https://charts.example.com"),
        ("https://x; rm -rf $(b)", "external-dns --repo 'https://x; rm -rf $(b)'"),
    ],
)
def test_a_command_to_copy(repository: str, source: str) -> None:
    """Of an OCI chart the address is the whole reference; nothing that a template says is obeyed by a shell."""
    command, _, rest = applied(Chart("external-dns", repository, "1.22.0")).partition(" | ")
    assert command == f"helm show crds {source} --version 1.22.0"
    assert rest.startswith("kubectl apply --server-side")


def test_release_notes_of_the_version_after() -> None:
    """What they are is a matter of the add-ons, and tested there."""

    def made(version: str, of_addon: str = "") -> Made:
        chart = replace(release("web", version).chart, notes="https://example.com/{version}")
        found = cluster(releases=(replace(release("web"), chart=chart),))
        addon = ManagedAddon("vpc-cni", f"v{version}", release_notes=of_addon)
        cni = Part("vpc-cni", "Plain", Contribution((addon,)))
        return replace(found, plan=replace(found.plan, addons=(*found.plan.addons, cni)))

    before, after = made("1.0.0", "https://example.com/old"), made("2.0.0")
    assert rows(versions.section(changing(before, after))) == [
        ("~", "EKS add-on vpc-cni", "v1.0.0", "v2.0.0", ""),
        ("~", "chart web", "1.0.0", "2.0.0", "2.0.0"),
    ]


def test_headroom_warns_near_the_limit() -> None:
    topics = {f"T{number}": resource("AWS::SNS::Topic") for number in range(460)}
    found = headroom.section(changing(cluster(), cluster(network=topics)))
    assert rows(found) == [("!", "network", "1", "461", "39 of 500")]
    assert rows(headroom.section(changing(cluster(network=topics), cluster(network=topics)))) != []
    assert rows(headroom.section(changing(cluster(), cluster(version="1.37")))) == []


def bound(*subjects: str, verbs: Sequence[str], notes: Sequence[str] = ()) -> Part:
    """A part with a role in the namespace shop, and who has it."""
    rbac = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": list(verbs)}]
    role = thing("Role", "dev", "shop", rbac, rules=rules)
    groups = [{"kind": "Group", "name": name, "apiGroup": rbac} for name in subjects]
    binding = thing(
        "RoleBinding", "dev", "shop", rbac, roleRef={"kind": "Role", "name": "dev", "apiGroup": rbac}, subjects=groups
    )
    return Part("shop", "Plain", Contribution(objects=(role, binding), notes=tuple(notes)))


def test_rights_gained_and_lost() -> None:
    arn, admin = "arn:aws:iam::111111111111:role/Dev", AccessPolicy("AmazonEKSClusterAdminPolicy")
    partner = AccessEntry("arn:aws:iam::999999999999:role/X", policies=(admin,))
    before = cluster(people=(AccessEntry(arn, groups=("dev",)),), teams=(bound("dev", verbs=("get", "list")),))
    after = cluster(
        admins=(*before.plan.admins, partner),
        people=(AccessEntry(arn, groups=("dev",)),),
        teams=(bound("dev", verbs=("get", "watch"), notes=("look",)),),
    )
    assert rows(matrix.section(changing(before, after))) == [
        ("+", "role/X of account 999999999999", f"administrator, {admin.name}", "the cluster", "everything"),
        ("+", "role/Dev", "group dev", "shop", "watch: pods"),
        ("-", "role/Dev", "group dev", "shop", "list: pods"),
        ("+", "shop", "look"),
    ]
    assert rows(matrix.section(changing(before, before))) == []


def test_stack_tags_and_protection_are_said_though_no_resource_differs() -> None:
    before, after = cluster(tags={"a": "1"}), cluster(tags={"a": "2", "b": "3"})
    unprotected = tuple(replace(stack, termination_protection=False) for stack in after.stacks)
    found = changing(before, replace(after, stacks=unprotected))
    ((sign, _, text),) = rows(summary.section(found))
    assert sign == "~"
    assert text == "0 deleted, 0 replaced; termination protection off; the tag a: 1 -> 2; the tag b: none -> 3"


def test_clusters_that_come_and_go() -> None:
    found = fleet(touched(None, cluster("new")), touched(cluster("old")), untouched=("same",))
    texts = words(summary.section(found))
    assert "a new cluster" in texts
    assert "no longer in the app, which deletes nothing" in texts
    assert "same" in texts


def test_nothing_changed_is_one_line() -> None:
    cells = summary.summary(fleet(untouched=("a", "b")), 0)
    assert "".join(cell.text for cell in cells) == (
        "Nothing changes in any template; 2 clusters proven untouched since 0123456789ab."
    )


def test_deletions_and_replacements_come_first() -> None:
    stack = cluster().stacks[0]
    impacts: tuple[Impact, ...] = ("create", "update", "update", "replace", "orphan", "may-replace")
    changes = tuple(Change(stack, f"R{n}", f"R{n}", each, {}, None, {"Type": "T"}) for n, each in enumerate(impacts))
    one = touched(cluster(), cluster())
    first = replace(one.difference.stacks[0], changes=changes)
    found = fleet(replace(one, difference=replace(one.difference, stacks=(first, *one.difference.stacks[1:]))))
    assert "".join(cell.text for cell in summary.summary(found, 3)) == (
        "0 deleted, 1 replaced, 1 perhaps replaced, 1 left behind, 2 changed, 1 new, 3 dangers in 1 of 1 cluster since "
        "0123456789ab."
    )
    assert [row[1:4] for row in rows(summary.section(found))[1:]] == [
        ("network/R3", "T", "replaced"),
        ("network/R5", "T", "perhaps replaced"),
        ("network/R4", "T", "left behind"),
    ]


def test_one_diff_and_one_picture_for_clusters_that_change_alike() -> None:
    def changed(name: str) -> Any:
        one = touched(cluster(name), cluster(name, version="1.37"))
        stacks = tuple(replace(stack, text="[~] Version\n[-] 1.36\n[+] 1.37") for stack in one.difference.stacks[1:2])
        return replace(one, difference=replace(one.difference, stacks=(*one.difference.stacks[:1], *stacks)))

    found = fleet(*(changed(name) for name in "abcdef"))
    (diff,) = templates.section(found).blocks
    assert (diff.title, diff.added, diff.removed) == ("cluster: all 6", 1, 1)  # type: ignore[union-attr]  # a Diff
    drawn = pictures.section(found)
    assert drawn.blocks[0].cluster == "a"  # type: ignore[union-attr]  # a Picture
    assert words(drawn) == "a is drawn for all 6, which change alike."
    assert pictures.section(changing(shop(), shop(thing("ConfigMap", "a")))).blocks == ()


def test_pictures_that_are_left_out_are_said() -> None:
    versions = [f"1.{number}" for number in range(20, 27)]
    found = fleet(*(touched(cluster(f"c{each}"), cluster(f"c{each}", version=each)) for each in versions))
    assert len(pictures.section(found).blocks) == 6
    assert words(pictures.section(found)) == "Not drawn: c1.25, c1.26."


def test_a_stack_that_the_app_gives_up_stays_as_it_is() -> None:
    """No deploy deletes it: saying that what is in it goes would be wrong."""
    moved = touched(shop(), cluster(region="eu-west-1"))
    stacks = moved.difference.stacks
    apart = tuple(replace(each, after=None) for each in stacks) + tuple(replace(each, before=None) for each in stacks)
    assert replace(moved, difference=replace(moved.difference, stacks=apart)).before is None
