"""The access matrix says what the templates say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from app import CLUSTERS
from blueprint import Blueprint, plan
from blueprint.access import AccessEntry, AccessPolicy, node_access
from blueprint.contribution import Contribution, Grant
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.inventory import planned
from blueprint.planning.document import FargateNodes, Plan
from examples.auto import AUTO
from examples.china import CHINA
from examples.dev import DEV
from examples.fargate import FARGATE
from examples.government import GOVERNMENT
from examples.self_managed import SELF_MANAGED
from examples.teams import TEAMS
from tests.blueprint.examples import SMALL, Plain
from tests.templates import Template, by_stack, objects, of_type
from tests.tools.snapshots import Markdown, Text
from tools.__main__ import main
from tools.access import render
from tools.access.account import account_access
from tools.access.matrix import INSTALLER, NOBODY, matrix
from tools.access.render import as_json
from tools.access.tables import account_tables, tables
from tools.assembly import Assembly, Stack, read, text
from tools.commands import access
from tools.synthesis import synthesize
from tools.tables import WIDTH, PlainTable, markdown_table, text_table

OTHERS = (TEAMS, AUTO, FARGATE, SELF_MANAGED, CHINA, GOVERNMENT)
NAMES = ("dev", "prod", "prod-eu", *(blueprint.name for blueprint in OTHERS))


Fleet = Mapping[str, tuple[Plan, Sequence[Template]]]


@pytest.fixture(scope="module")
def fleet(plans: tuple[Plan, ...], assembly: Assembly) -> Fleet:
    """Plans and templates of the examples and of every kind of cluster that matters here, by name."""
    names = [one.facts.name for one in plans]
    every = by_stack({name: assembly[name] for name in (*names, *(each.name for each in OTHERS))})
    return {
        one.facts.name: (one, [template for (name, _), template in every.items() if name == one.facts.name])
        for one in (*plans, *map(plan, OTHERS))
    }


def printed(plan: Plan) -> Any:
    """What --json prints."""
    return json.loads(json.dumps(as_json(matrix(plan))))


# --- The templates ---


def known(plan: Plan, data: Any) -> str:
    """A property as the matrix shows it; what AWS decides has no name here."""
    partition = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}.get(plan.facts.region, "aws")
    return re.sub(r"\$\{[^}]*\}", "<>", text(data).replace("${AWS::Partition}", partition))


def unnamed(words: str) -> str:
    """The same of the matrix."""
    return re.sub(r"<[^>]*>", "<>", words)


def many(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]


@pytest.mark.parametrize("name", NAMES)
def test_principals_have_the_groups_and_policies_of_the_access_entries(fleet: Fleet, name: str) -> None:
    plan, templates = fleet[name]
    expected = set()
    for template in templates:
        for id, entry in of_type(template, "AWS::EKS::AccessEntry").items():
            properties = entry["Properties"]
            if properties["Type"] != "STANDARD":
                continue
            who = INSTALLER if "KubectlAccess" in id else known(plan, properties["PrincipalArn"])
            expected |= {(who, f"group {group}", "") for group in properties.get("KubernetesGroups", ())}
            for policy in properties.get("AccessPolicies", ()):
                scope = policy["AccessScope"].get("Namespaces", [""])
                expected |= {(who, text(policy["PolicyArn"]).rpartition("/")[2], where) for where in scope}
    found = set()
    for row in printed(plan)["kubernetes"]:
        if row["who"].startswith("arn:") or row["who"] == INSTALLER:
            *_, via = row["via"].split(", ")
            found.add((row["who"], via, "" if via.startswith("group ") else row["where"]))
    assert found == expected
    assert len(found) > 1


@pytest.mark.parametrize("name", NAMES)
def test_groups_and_service_accounts_may_do_what_the_role_bindings_say(fleet: Fleet, name: str) -> None:
    plan, templates = fleet[name]
    every = [one for template in templates for one in objects(template)]
    kinds = ("Role", "ClusterRole")
    roles = {
        (one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in every if one["kind"] in kinds
    }
    expected = set()
    for binding in (one for one in every if one["kind"] in ("RoleBinding", "ClusterRoleBinding")):
        where = binding["metadata"].get("namespace", "")
        assert (binding["roleRef"]["kind"] == "ClusterRole") is (where == ""), "compare these as well"
        for subject in binding["subjects"]:
            whom = f"group {subject['name']}"
            if subject["kind"] == "ServiceAccount":
                whom = f"{subject['namespace']}/{subject['name']}"
            for rule in roles[where, binding["roleRef"]["name"]]["rules"]:
                for group in rule["apiGroups"]:
                    for resource in rule["resources"]:
                        kind, slash, sub = resource.partition("/")
                        shown = f"{kind}.{group}{slash}{sub}" if group else resource
                        names = tuple(rule.get("resourceNames", ()))
                        expected |= {(whom, where, shown, names, verb) for verb in rule["verbs"]}
    found = {
        (
            row["via"] if row["via"].startswith("group ") else row["who"],
            row["where"],
            right["resource"],
            tuple(right["names"]),
            verb,
        )
        for row in printed(plan)["kubernetes"]
        for right in row["rights"]
        for verb in right["verbs"]
    }
    assert found == expected
    assert bool(found) == any(team.type == "ApplicationTeam" for team in plan.teams)
    assert any(where == "" for _, where, *_ in found) == any(team.name == "operators" for team in plan.teams)


def permissions(plan: Plan, template: Template) -> Iterator[tuple[str, Any, str]]:
    """Each service account with its role's properties, and how it gets there."""
    roles = of_type(template, "AWS::IAM::Role")
    for association in of_type(template, "AWS::EKS::PodIdentityAssociation").values():
        one = association["Properties"]
        account = f"{one['Namespace']}/{one['ServiceAccount']}"
        yield account, roles[one["RoleArn"]["Fn::GetAtt"][0]]["Properties"], "Pod Identity"
    for addon in of_type(template, "AWS::EKS::Addon").values():
        for one in addon["Properties"].get("PodIdentityAssociations", ()):
            account = f"kube-system/{one['ServiceAccount']}"
            yield account, roles[one["RoleArn"]["Fn::GetAtt"][0]]["Properties"], "Pod Identity"
    for role in roles.values():
        if found := re.search(r"system:serviceaccount:([^\"]+)", json.dumps(role).replace("\\", "")):
            yield found[1].replace(":", "/"), role["Properties"], "IRSA"


@pytest.mark.parametrize("name", NAMES)
def test_service_accounts_have_the_permissions_of_their_roles(fleet: Fleet, name: str) -> None:
    plan, templates = fleet[name]
    expected = set()
    for template in templates:
        for account, role, by in permissions(plan, template):
            boundary = (
                known(plan, role["PermissionsBoundary"]).rpartition("/")[2] if "PermissionsBoundary" in role else ""
            )
            statements = [one for policy in role.get("Policies", ()) for one in policy["PolicyDocument"]["Statement"]]
            for one in statements:
                condition = json.dumps(conditions(plan, one.get("Condition", {})), sort_keys=True)
                for action in many(one["Action"]):
                    for resource in many(one["Resource"]):
                        expected.add((account, by, boundary, one["Effect"], action, known(plan, resource), condition))
            for policy in role.get("ManagedPolicyArns", ()):
                expected.add((account, by, boundary, "Allow", text(policy).rpartition(":policy/")[2], "", "{}"))
    found = set()
    for row in printed(plan)["aws"]:
        head = (row["service_account"], row["by"], row["boundary"], row["effect"])
        condition = unnamed(json.dumps(row["conditions"], sort_keys=True))
        found |= {(*head, action, unnamed(to), condition) for action in row["actions"] for to in row["resources"]}
        if row["policy"]:
            found.add((*head, row["policy"], "", condition))
    assert found == expected
    assert found


def conditions(plan: Plan, data: Mapping[str, Mapping[str, Any]]) -> Any:
    return {
        operator: {
            key: [known(plan, one) for one in value] if isinstance(value, list) else known(plan, value)
            for key, value in keys.items()
        }
        for operator, keys in data.items()
    }


_OF_NODES = ("ec2", "eks-fargate-pods", "ssm", "rolesanywhere")


@pytest.mark.parametrize("name", NAMES)
def test_nodes_have_the_policies_of_their_roles(fleet: Fleet, name: str) -> None:
    plan, templates = fleet[name]
    expected = []
    for template in templates:
        for role in of_type(template, "AWS::IAM::Role").values():
            trusted = json.dumps(role["Properties"]["AssumeRolePolicyDocument"])
            if any(f'"{service}.amazonaws.com"' in trusted for service in _OF_NODES):
                policies = role["Properties"]["ManagedPolicyArns"]
                expected.append(sorted(text(arn).rpartition("/")[2] for arn in policies))
    found = printed(plan)["nodes"]
    expected += [[] for compute in plan.compute if isinstance(compute, FargateNodes) and compute.role_arn]
    # The CDK has a role for each Fargate profile.
    kinds = [node for node in found for _ in (node["names"] if "Fargate" in node["kind"] else ["all"])]
    assert sorted(sorted(node["policies"]) for node in kinds) == sorted(expected)
    auto = plan.control_plane.auto_mode
    names = {compute.name for compute in (*plan.compute, *plan.control_plane.hybrid)} | ({auto.name} if auto else set())
    assert {one for node in found for one in node["names"]} - {"karpenter-nodes"} == names


# --- Rows ---


class Odd(Plain):
    """What no add-on of the project does, and one could."""

    name = "odd"

    def contribute(self, facts: ClusterFacts) -> Contribution:
        api = "rbac.authorization.k8s.io"
        role = {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "all"},
            "rules": [
                {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
                {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
            ],
        }

        def binding(kind: str, name: str, to: str, *subjects: tuple[str, str], **metadata: str) -> Mapping[str, Any]:
            return {
                "apiVersion": f"{api}/v1",
                "kind": kind,
                "metadata": {"name": name, **metadata},
                "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": to},
                "subjects": [{"kind": kind, "name": name} for kind, name in subjects],
            }

        pool = Grant(
            "odd",
            "odd",
            (
                Statement(("s3:GetObject",), ("arn:aws:s3:eu-west-1:999999999999:x",), {"Bool": {"aws:x": "true"}}),
                Statement(("s3:PutObject",), ("arn:aws:s3:::x",), effect="Deny"),
            ),
        )
        return Contribution(
            grants=(pool, Grant("odd", "none")),
            access=(
                node_access("odd/odd"),
                AccessEntry("arn:${blueprint:partition}:iam::999999999999:role/Odd", groups=("unbound",)),
                AccessEntry("arn:${blueprint:partition}:iam::111111111111:role/Idle"),
                AccessEntry(
                    "arn:${blueprint:partition}:iam::111111111111:role/Some",
                    policies=(AccessPolicy("AmazonEKSViewPolicy", ("a", "b")),),
                ),
            ),
            objects=(
                role,
                binding("ClusterRoleBinding", "all", "all", ("User", "jane"), ("Group", "system:nodes")),
                binding("RoleBinding", "some", "view", ("ServiceAccount", "app"), namespace="odd"),
            ),
            notes=("mind the gap",),
        )


def test_what_no_example_has() -> None:
    found = matrix(plan(replace(SMALL, addons=(*SMALL.addons, Odd()))))
    rows = {(row[0][0], row[1][0]): (row[2], row[3]) for row in tables(found, full=True)[0].rows}
    assert rows["user jane", "binding all"] == (("the cluster",), ("everything", "get: /metrics"))
    assert rows["whom Kubernetes puts there", "group system:nodes"][0] == ("the cluster",)
    assert rows["odd/app", "binding some"] == (("odd",), ("what the ClusterRole view allows",))
    assert rows["role/Odd of account 999999999999", "group unbound"][1] == ("nothing: the group has no role",)
    assert rows["role/Idle", "no group"][1] == ("nothing",)
    assert rows["role/Some", "access policy, AmazonEKSViewPolicy"][0] == ("a", "b")
    aws = [row for row in tables(found, full=True)[1].rows if row[0][0].startswith("odd/")]
    assert aws == [
        (
            ("odd/odd", "by Pod Identity"),
            ("s3: GetObject",),
            ("s3:eu-west-1:999999999999:x",),
            ("aws:x Bool true",),
        ),
        (("odd/odd", "by Pod Identity"), ("never", "s3: PutObject"), ("s3: x",), ()),
        (("odd/none", "by Pod Identity"), ("nothing",), (), ()),
    ]
    assert found.nodes[-1] == (("<role-arn:odd/odd>",), "a role that odd names", ())
    assert found.notes == (("odd", "mind the gap"),)


def spelled(lines: Sequence[str]) -> set[tuple[str, str]]:
    """A cell of words as (resource, verb)."""
    words = {"read": ["get", "list", "watch"], "write": ["create", "update", "patch", "delete"]}
    return {
        (resource, verb)
        for line in lines
        for verbs, _, resources in [line.partition(": ")]
        for resource in resources.split(", ")
        for word in verbs.split(", ")
        for verb in words.get(word, [word])
    }


def test_words_say_what_the_rights_are() -> None:
    found = matrix(plan(TEAMS))
    (table, *_) = tables(found, full=True)
    own = re.compile(r"^([^.]+)\.(apps|autoscaling|batch|networking\.k8s\.io|policy)(?=/|$)")
    shown = {
        (who, via, namespace, *right)
        for (who,), (via,), where, may in table.rows
        if not via.startswith(("administrator", "access policy"))
        for namespace in where
        for right in spelled(may)
    }
    assert shown == {
        (
            row.who.rpartition(":")[2] if row.who.startswith("arn:") else row.who,
            row.via,
            row.where or "the cluster",
            " ".join([own.sub(r"\1", right.resource), *right.names]),
            verb,
        )
        for row in found.kubernetes
        for right in row.rights
        for verb in right.verbs
    }


def test_groups_without_members_are_shown() -> None:
    rows = matrix(plan(TEAMS)).kubernetes
    assert {row.via for row in rows if row.who == NOBODY} == {
        "group team:payments:deployer",
        "group team:payments:viewer",
    }


# --- Renderers ---

HOSTILE = (
    *("a|b", "a\\|b", "`", "a``b`", "a\nb | c", "a\r\n\r\n# b", "\\", "<script>x</script>", "</code>", "<!--"),
    *("[a](javascript:b)", "![a](http://b)", "@example/payments", "*a* _b_ ~~c~~", "&#124;", "\x1b[31m", "\u202eabc"),
    *("", " ", "|" * 300, "x" * 5000),
)


def test_no_name_breaks_markdown() -> None:
    table = PlainTable("T", ("a", "b", "c"), tuple(((name,), (name, name), ()) for name in HOSTILE))
    lines = markdown_table(table).split("\n")
    assert lines[:4] == ["### T", "", "| a | b | c |", "| --- | --- | --- |"]
    assert len(lines) == 4 + len(HOSTILE)
    code = r"(`[^`|\\]+`|<code>(&#\d+;|[^\W_]| )+</code>)"
    for line in lines[4:]:
        assert re.fullmatch(rf"\|( {code}(<br>{code})*|(?: <br>)?| ) \|( {code}(<br>{code})*| <br>| ) \|  \|", line), (
            line
        )
        assert line.count("|") == 4
        assert line.isprintable()


def test_markdown_keeps_every_character() -> None:
    for name in HOSTILE:
        shown = markdown_table(PlainTable("T", ("a",), (((name,),),))).rpartition("\n| ")[2].removesuffix(" |")
        inner = shown.removeprefix("<code>").removesuffix("</code>")
        read = re.sub(r"&#(\d+);", lambda each: chr(int(each[1])), inner) if inner != shown else shown.strip("`")
        assert read == " ".join(re.sub(r"[^\x20-\x7e]", " ", name).split())


def test_no_name_breaks_the_table() -> None:
    for width in (12, 40, WIDTH):
        rows = tuple(((name,), (name, name), (), (name,)) for name in HOSTILE)
        shown = text_table(PlainTable("T", ("a", "b", "c", "d"), rows), width)
        assert max(map(len, shown.split("\n"))) <= width
        assert all(line.isprintable() for line in shown.split("\n"))


def test_columns_are_aligned() -> None:
    table = PlainTable("T", ("who", "may"), ((("ana",), ("read: pods", "write: pods")), (("benjamin",), ("nothing",))))
    assert (
        text_table(table) == "T\n  who       may\n  ana       read: pods\n            write: pods\n  benjamin  nothing"
    )


def test_long_lists_are_counted_and_markdown_has_all() -> None:
    found = matrix(plan(TEAMS))
    (many_actions,) = [row for row in found.aws if "ec2:DescribeVolumes" in row.actions]
    short, full = render.as_text(found), render.as_markdown(found)
    assert f"and {len(many_actions.actions) - 4} more" in short
    assert " more" not in full
    assert all(action.partition(":")[2] in full for row in found.aws for action in row.actions)
    assert all(to.rpartition(":")[2] in full for row in found.aws for to in row.resources)
    assert max(map(len, short.splitlines())) <= WIDTH


# --- The command ---


def test_prod(snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "prod"]) == 0
    assert capsys.readouterr().out == snapshot(extension_class=Text)


def test_prod_in_markdown(snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "prod", "--markdown"]) == 0
    assert capsys.readouterr().out == snapshot(extension_class=Markdown)


@pytest.mark.thorough
def test_all_clusters_when_none_is_named(
    assembly: Assembly, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "synthesize", lambda *_, **__: None)
    monkeypatch.setattr(access, "read", lambda _: assembly)
    names = [plan.facts.name for plan in planned(CLUSTERS)]
    assert main(["access"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^(\S+): account", out, re.MULTILINE) == names
    assert main(["access", "--json"]) == 0
    assert [one["cluster"] for one in json.loads(capsys.readouterr().out)] == names


def test_an_unknown_cluster_is_told_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["access", "porduction"]) == 1
    out, err = capsys.readouterr()
    assert (out, "porduction" in err, "prod, prod-eu, " in err) == ("", True, True)


@pytest.mark.thorough
def test_needs_no_other_cluster(root: Path) -> None:
    code = """
import sys
from tools.__main__ import main
assert main(["access", "dev"]) == 0
assert "clusters.prod" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=30, capture_output=True, text=True)
    assert ran.stdout.startswith("dev: account 111111111111, us-west-2\n")


def test_the_partition_is_that_of_the_region() -> None:
    def first(region: str) -> str:
        return matrix(plan(replace(SMALL, region=region))).kubernetes[1].who

    assert first("us-iso-east-1") == "arn:aws-iso:iam::111111111111:role/BreakGlass"
    assert first("us-isob-east-1").startswith("arn:aws-iso-b:")
    assert first("eu-west-1").startswith("arn:aws:")


# --- Through the account ---


def synthesized_stacks(blueprint: Blueprint, out: Path) -> tuple[Stack, ...]:
    synthesize([plan(blueprint)], out, validate=False)
    return read(out)[blueprint.name]


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stack, ...]:
    return synthesized_stacks(DEV, tmp_path_factory.mktemp("dev"))


def test_roles_are_assumed_by_whom_their_trust_policies_name(dev: Sequence[Stack]) -> None:
    trusted: list[str] = []
    for stack in dev:
        for role in stack.of_type("AWS::IAM::Role").values():
            for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
                trusted += many(statement["Principal"]["Service"])
    found = account_access(dev).roles
    assert sorted(each.who for each in found) == sorted(trusted)
    (dns,) = (each for each in found if each.role == "external-dns/external-dns")
    assert dns.who == "pods.eks.amazonaws.com"
    assert "StringEquals aws:RequestTag/kubernetes-service-account: external-dns" in dns.conditions


def test_keys_say_who_uses_them(dev: Sequence[Stack]) -> None:
    keys = account_access(dev).keys
    assert {each.key for each in keys} == {
        f"{stack.name}/{stack.paths[id]}" for stack in dev for id in stack.of_type("AWS::KMS::Key")
    }
    (owner,) = (each for each in keys if each.key == "cluster/Key" and each.who == "iam:root")
    assert owner.actions == ("kms:*",)


def test_who_administers_by_the_function_and_by_a_deploy(dev: Sequence[Stack]) -> None:
    """The bootstrap roles are those of https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
    roles = "iam:role/cdk-hnb659fds-{}-role-111111111111-us-west-2".format
    ways = [each.by for each in account_access(dev).administration]
    assert ways == [
        "lambda:InvokeFunction on Kubectl/Handler",
        "lambda:UpdateFunctionCode on Kubectl/Handler",
        "lambda:InvokeFunction on Kubectl/Provider/framework-onEvent",
        f"sts:AssumeRole on {roles('deploy')}",
        f"iam:PassRole on {roles('cfn-exec')}",
    ]


def test_a_cluster_without_a_function_is_administered_by_its_deploys_alone(dev: Sequence[Stack]) -> None:
    without = [
        replace(stack, template={"Resources": {id: one for id, one in stack.resources.items() if "Kubectl" not in id}})
        for stack in dev
    ]
    assert [each.by.partition(" ")[0] for each in account_access(without).administration] == [
        "sts:AssumeRole",
        "iam:PassRole",
    ]


def test_the_tables_of_the_account_read_as_sentences(dev: Sequence[Stack]) -> None:
    ways, roles, keys = account_tables(account_access(dev))
    assert ways.rows[0] == (
        ("lambda:InvokeFunction on Kubectl/Handler",),
        ("it runs kubectl and helm as the installer, on what it is given",),
    )
    flow_logs = (("flow logs",), ("vpc-flow-logs.amazonaws.com",), ("aws:SourceAccount = <account>",))
    assert flow_logs in roles.rows
    assert [row[0] for row in keys.rows] == [("cluster/Key",), (), ("network/Key",), ()]
    found = matrix(plan(DEV))
    assert text_table(ways) in render.as_text(found, account_access(dev))
    assert markdown_table(roles) in render.as_markdown(found, account_access(dev))
    assert as_json(found, account_access(dev))["administration"][0]["by"] == "lambda:InvokeFunction on Kubectl/Handler"
