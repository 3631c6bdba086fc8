"""What must hold, and what must never happen, whatever a cluster consists of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from blueprint import Blueprint, PermissionSet, Role, User
from blueprint.planning.document import Plan
from blueprint.planning.planner import plans as plan_all
from blueprint.teams import TeamNamespace
from examples.auto import AUTO
from examples.managed import MANAGED
from examples.prod import PROD
from examples.shared import PAYMENTS, PLATFORM
from tests.blueprint.examples import changed
from tests.stacks.fleet import FLEET, fleet_plans, of_hubs
from tests.templates import Template, Templates, objects, of_type, synthesized
from tools.assembly import objects as objects_of
from tools.assembly import text
from tools.doctor.checks.functions import at_once
from tools.doctor.checks.needs import types_of

EKS = "AWS::EKS::"
HELM = "Custom::AWSCDK-EKS-HelmChart"
MANIFEST = "Custom::AWSCDK-EKS-KubernetesResource"
AUTO_MODE = ("auto", "auto-pools", "mixed")
AL2023 = "eks/optimized-ami/1.36/amazon-linux-2023/x86_64/standard"


def plans_of(*blueprints: Blueprint) -> tuple[Plan, ...]:
    return plan_all({blueprint.name: blueprint for blueprint in blueprints})


def _every(fleet: Templates, kind: str) -> Iterator[tuple[str, Template, str, dict[str, Any]]]:
    """Cluster, template, logical id and properties of every resource of a type."""
    for (cluster, _), template in fleet.items():
        for id, resource in of_type(template, kind).items():
            yield cluster, template, id, resource.get("Properties", {})


def test_the_doctor_knows_what_the_stacks_of_every_cluster_hold(plans: tuple[Plan, ...], fleet: Templates) -> None:
    """It asks whether CloudFormation may make that, and it does not synthesize."""
    for plan in (*plans, *fleet_plans().values()):
        templates = [template for (cluster, _), template in fleet.items() if cluster == plan.facts.name]
        kinds = {resource["Type"] for template in templates for resource in template["Resources"].values()}
        assert set(types_of(plan)) == {kind for kind in kinds if kind.startswith("AWS::")}, plan.facts.name


def test_the_doctor_counts_what_the_stacks_install_at_once(plans: tuple[Plan, ...], fleet: Templates) -> None:
    """Two functions of the CDK each: custom-resources/lib/provider-framework calls the handler, and waits for it."""
    counted = {plan.facts.name: at_once(plan) for plan in (*plans, *fleet_plans().values())}
    widest = {cluster: 2 * max(_width(fleet[cluster, stack]) for stack in ("addons", "teams")) for cluster in counted}
    # It does not know that add-ons wait for one that brings their kinds: there it counts more than there are.
    assert {cluster for cluster in counted if counted[cluster] != widest[cluster]} == {"gateways"}
    assert counted["gateways"] > widest["gateways"]
    assert len(set(widest.values())) > 4


def _width(template: Template) -> int:
    """How many charts and manifests can be installed at once: the largest set in which none waits for another.

    By Dilworth's theorem it is their number less the largest matching of those that wait with those waited for.
    """
    ids = [id for kind in (HELM, MANIFEST) for id in of_type(template, kind)]
    waits = {id: waits_for(template, id) & set(ids) for id in ids}
    matched: dict[str, str] = {}

    def match(id: str, seen: set[str]) -> bool:
        for other in waits[id] - seen:
            seen.add(other)
            if other not in matched or match(matched[other], seen):
                matched[other] = id
                return True
        return False

    return len(ids) - sum(match(id, set()) for id in ids)


def waits_for(template: Template, id: str) -> set[str]:
    """All that stands before a resource in its template: in DependsOn or referred to, and so on."""
    found: set[str] = set()
    waiting = [id]
    while waiting:
        resource = template["Resources"][waiting.pop()]
        named = resource.get("DependsOn", [])
        referred = re.findall(r'"(?:Ref|Fn::GetAtt)": (?:\[")?"?([A-Za-z0-9]+)', json.dumps(resource))
        new = {each for each in [*named, *referred] if each in template["Resources"]} - found
        found |= new
        waiting += new
    return found


class TestOrder:
    """Creation; CloudFormation deletes in reverse."""

    def test_stacks_go_from_network_to_teams(self, plans: tuple[Plan, ...], tmp_path: Path) -> None:
        synthesized(plans[:1], tmp_path)
        manifest = json.loads((tmp_path / "assembly-dev" / "manifest.json").read_text(encoding="utf-8"))
        stacks = {
            id: {need for need in artifact.get("dependencies", ()) if not need.endswith(".assets")}
            for id, artifact in manifest["artifacts"].items()
            if artifact["type"] == "aws:cloudformation:stack"
        }
        network, cluster, addons, teams = stacks
        assert stacks[network] == set()
        assert stacks[cluster] == {network}
        assert cluster in stacks[addons]
        assert {cluster, addons} <= stacks[teams]

    def test_nodes_come_after_what_makes_them_ready(self, fleet: Templates) -> None:
        kinds = ("AWS::EKS::Nodegroup", "AWS::AutoScaling::AutoScalingGroup")
        groups = [found for kind in kinds for found in _every(fleet, kind)]
        assert groups
        for cluster, template, id, _ in groups:
            addons = {
                text(addon["Properties"]["AddonName"]): key for key, addon in of_type(template, f"{EKS}Addon").items()
            }
            first = {addons[name] for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")}
            assert first | {"Cluster"} <= waits_for(template, id), cluster

    def test_other_eks_addons_come_after_the_nodes_that_run_them(self, fleet: Templates) -> None:
        checked = 0
        for cluster, template, id, properties in _every(fleet, f"{EKS}Addon"):
            if properties["AddonName"] in ("coredns", "aws-ebs-csi-driver", "metrics-server"):
                capacity = ("Nodegroup", "FargateProfile")
                nodes = {key for kind in capacity for key in of_type(template, EKS + kind)}
                nodes |= set(of_type(template, "AWS::AutoScaling::AutoScalingGroup"))
                assert bool(nodes) is (cluster not in ("auto", "auto-pools")), cluster
                if cluster == "auto-pools":
                    # Its pools are what these nodes come from.
                    nodes = {key for key, each in of_type(template, MANIFEST).items() if "NodePool" in str(each)}
                    assert nodes
                assert nodes <= waits_for(template, id), (cluster, id)
                checked += 1
        assert checked > len(FLEET)

    def test_the_log_group_stands_before_the_cluster_that_would_make_it(self, fleet: Templates) -> None:
        for cluster, template, id, _ in _every(fleet, f"{EKS}Cluster"):
            groups = of_type(template, "AWS::Logs::LogGroup")
            named = {
                key
                for key, each in groups.items()
                if each["Properties"].get("LogGroupName") == f"/aws/eks/{cluster}/cluster"
            }
            assert len(named) == 1
            assert named <= waits_for(template, id)

    def test_everything_in_the_cluster_comes_after_the_cluster(self, fleet: Templates) -> None:
        kinds = ("Addon", "AccessEntry", "Nodegroup", "FargateProfile")
        for kind in kinds:
            for cluster, template, id, _ in _every(fleet, EKS + kind):
                if "Cluster" in template["Resources"]:
                    assert "Cluster" in waits_for(template, id), (cluster, id)

    def test_a_release_comes_after_its_namespace_permissions_and_definitions(self, fleet: Templates) -> None:
        for cluster, template, id, properties in _every(fleet, HELM):
            before = waits_for(template, id)
            part = id.partition("release")[0]
            # Of two add-ons the name of one may begin with that of the other.
            parts = {key.partition("release")[0] for key in of_type(template, HELM)} - {part}
            others = tuple(other for other in parts if other.startswith(part))
            own = {
                key
                for key in template["Resources"]
                if key.startswith(part) and "release" not in key and "objects" not in key and not key.startswith(others)
            }
            assert own <= before, (cluster, id)
            if properties["Release"] == "karpenter":
                assert any("releasekarpentercrd" in key for key in before)

    def test_objects_of_a_chart_come_after_the_chart(self, fleet: Templates) -> None:
        checked = 0
        for cluster, template, id, _ in _every({key: fleet[key] for key in fleet if key[1] == "addons"}, MANIFEST):
            if "objects" in id:
                part = id.partition("objects")[0]
                releases = {key for key in of_type(template, HELM) if key.startswith(part)}
                namespaces = {key for key in of_type(template, MANIFEST) if key.startswith(f"{part}namespaces")}
                assert releases | namespaces <= waits_for(template, id), (cluster, id)
                checked += len(releases)
        assert checked

    def test_charts_of_a_team_come_after_its_guard_rails(self, fleet: Templates) -> None:
        template = fleet["teams", "teams"]
        (release,) = (id for id in of_type(template, HELM) if id.startswith("shop"))
        (guards,) = (id for id in of_type(template, MANIFEST) if id.startswith("shopobjects"))
        assert guards in waits_for(template, release)

    def test_every_namespaced_object_is_in_a_namespace_that_exists(self, fleet: Templates) -> None:
        for cluster in {cluster for cluster, _ in fleet}:
            found = [each for stack in ("addons", "teams") for each in objects(fleet[cluster, stack])]
            made = {each["metadata"]["name"] for each in found if each["kind"] == "Namespace"} | {"kube-system"}
            capabilities = of_type(fleet[cluster, "addons"], f"{EKS}Capability").values()
            made |= {"argocd" for each in capabilities if each["Properties"]["Type"] == "ARGOCD"}
            assert {each["metadata"].get("namespace", "kube-system") for each in found} <= made
            charts = of_type(fleet[cluster, "addons"], HELM).values()
            assert {chart["Properties"]["Namespace"] for chart in charts} <= made


THERE = ("existing-vpc", "shared-vpc")
"""Clusters in a VPC that is there already."""


class TestExports:
    """CloudFormation removes no export that another stack imports, and the stack that exports is deployed first.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """

    def test_what_a_stack_exports_does_not_depend_on_what_later_stacks_use(self, fleet: Templates) -> None:
        """Every kind of cluster, with and without charts, teams, IRSA and load balancers, exports the same."""
        network = {"Vpc", "VpcprivateSubnet", "VpccontrolplaneSubnet"}
        cluster = {"Cluster.OpenIdConnectIssuerUrl", "IdentityProvider.Arn", "KubectlProviderframeworkonEvent.Arn"}
        cluster |= {"Key.Arn", "Cluster.ClusterSecurityGroupId"}
        for (name, stack), template in fleet.items():
            exported = [each["Value"] for each in template.get("Outputs", {}).values() if "Export" in each]
            kinds = {re.sub(r"\d?(Subnet)?[0-9A-F]{8}(?=\.|$)", "", text(each)[2:-1]) for each in exported}
            expected = {"network": network, "cluster": cluster}.get(stack, set())
            if stack == "cluster" and name in of_hubs():
                expected = expected - {"KubectlProviderframeworkonEvent.Arn"}
            if (name, stack) == ("existing-vpc", "cluster"):  # which makes hosted zones
                expected = expected | {"PrivateZoneshopexamplecomZone", "ZoneshopexamplecomZone"}
            if (name, stack) == ("pod-ranges", "network"):
                expected = expected | {"PodSubnet1", "PodSubnet2"}
            if (name, stack) == ("local-zone", "network"):
                expected = expected | {"LocalSubnet1", "LocalPublicSubnet1"}
            if (name, stack) in {("ipv6", "network"), ("dual-stack-ingress", "network")}:
                expected = expected | {"Vpc.Ipv6CidrBlocks"}
            assert kinds == expected, (name, stack)

    def test_every_subnet_is_exported(self, fleet: Templates) -> None:
        for (name, stack), template in fleet.items():
            if stack == "network":
                exported = {text(each["Value"])[2:-1] for each in template["Outputs"].values()}
                made = of_type(template, "AWS::EC2::Subnet")
                subnets = {id for id in made if "public" not in id and not id.startswith("Endpoint")}
                assert subnets < exported, name


class TestOwnership:
    """What changes hands is changed, not made anew by one owner while the other still has it."""

    def test_access_entries_of_people_stand_in_one_stack(self, fleet: Templates) -> None:
        for (cluster, stack), template in fleet.items():
            for id, entry in of_type(template, f"{EKS}AccessEntry").items():
                made_here = "Fn::GetAtt" in entry["Properties"]["PrincipalArn"]  # the installer's, and of capabilities
                people = entry["Properties"]["Type"] == "STANDARD" and not made_here
                assert people is (id.startswith("Access")), (cluster, id)
                assert not people or stack == "cluster", (cluster, id)

    def test_a_principal_that_joins_the_administrators_keeps_its_access_entry(self, tmp_path: Path) -> None:
        person = Role("Ada")
        team = replace(PLATFORM, members=(Role("PlatformEngineer"), person))
        administers = replace(MANAGED.cluster, admins=(*MANAGED.cluster.admins, person))
        before, after = replace(MANAGED, teams=(team,)), replace(MANAGED, teams=(PLATFORM,), cluster=administers)
        found = [
            set(of_type(synthesized(plans_of(each), tmp_path / str(index))["managed", "cluster"], f"{EKS}AccessEntry"))
            for index, each in enumerate((before, after))
        ]
        assert found[0] == found[1]

    def test_a_namespace_that_goes_to_another_team_is_never_deleted(self, tmp_path: Path) -> None:
        """Its manifest is the same resource, which changes its labels; and nothing prunes a namespace."""
        space = TeamNamespace("ledger")
        keeps = replace(PAYMENTS, namespaces=(TeamNamespace("payments"), space), hosts=())
        other = replace(keeps, name="books", namespaces=(TeamNamespace("books"),))
        given = (replace(keeps, namespaces=keeps.namespaces[:1]), replace(other, namespaces=(*other.namespaces, space)))
        found = []
        for index, teams in enumerate(((keeps, other), given)):
            template = synthesized(plans_of(replace(MANAGED, teams=teams)), tmp_path / str(index))["managed", "teams"]
            manifests = of_type(template, MANIFEST)
            (id,) = (id for id, each in manifests.items() if ("Namespace", "ledger") in _named(each))
            found.append((id, manifests[id]))
        (id, before), (same, after) = found
        assert id == same
        assert "PruneLabel" not in before["Properties"]
        assert before != after

    def test_objects_that_leave_a_manifest_leave_the_cluster_but_for_namespaces(self, fleet: Templates) -> None:
        """The handler prunes by this label alone: kubectl-handler/apply/__init__.py of aws-cdk 2.275.0."""
        labels = [
            ("PruneLabel" in each["Properties"], any(kind == "Namespace" for kind, _ in _named(each)))
            for template in fleet.values()
            for each in of_type(template, MANIFEST).values()
        ]
        assert {*labels} == {(True, False), (False, True)}

    def test_a_storage_class_that_would_change_is_another_and_the_one_before_goes(self, tmp_path: Path) -> None:
        """Kubernetes takes no other parameters: pkg/apis/storage/validation (ValidateStorageClassUpdate)."""
        found = []
        for tags in ({"team": "a"}, {"team": "b"}):
            template = synthesized(plans_of(replace(AUTO, tags=tags)), tmp_path / tags["team"])["auto", "addons"]
            classes = [
                (id, name, each)
                for id, each in of_type(template, MANIFEST).items()
                for kind, name in _named(each)
                if kind == "StorageClass"
            ]
            assert [name for _, name, _ in classes] == ["gp3", classes[1][1]]
            found.append(classes)
        (plain, first), (same, second) = found
        assert plain[0] == same[0]
        assert first[0] != second[0], "CloudFormation deletes the first, and the class with it"
        assert {len(_named(each)) for _, _, each in (first, second)} == {1}


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _named(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["kind"], each["metadata"]["name"]) for each in objects_of(manifest)]


class TestProtection:
    """State is not lost by accident."""

    def test_keys_and_logs_of_ours_outlive_their_stacks(self, fleet: Templates) -> None:
        for kind in ("AWS::KMS::Key", "AWS::Logs::LogGroup"):
            for (cluster, _), template in fleet.items():
                for id, resource in of_type(template, kind).items():
                    policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
                    assert policies == ("RetainExceptOnCreate", "Retain"), (cluster, id)

    def test_logs_are_encrypted_and_kept_as_long_as_the_blueprint_says(self, fleet: Templates) -> None:
        """Those of the functions that install charts too, which the CDK would keep for two years, unencrypted."""
        found = {id: each for cluster, _, id, each in _every(fleet, "AWS::Logs::LogGroup") if cluster == "dev"}
        assert {id: each["RetentionInDays"] for id, each in found.items()} == {
            "FlowLogs": 30,
            "Logs": 30,
            "KubectlHandlerLogGroup5EB94BD5": 30,
            "KubectlProviderframeworkonEventLogGroup25799C74": 30,
        }
        assert all(each["KmsKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]} for each in found.values())

    def test_the_service_of_logs_may_use_the_keys_in_every_partition(self, fleet: Templates) -> None:
        """In China it is called logs.<region>.amazonaws.com.cn.

        https://docs.amazonaws.cn/en_us/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        for _, _, _, properties in _every(fleet, "AWS::KMS::Key"):
            services = [
                text(statement["Principal"]["Service"])
                for statement in properties["KeyPolicy"]["Statement"]
                if "Service" in statement["Principal"]
            ]
            (service,) = services
            assert re.fullmatch(r"logs\.[a-z0-9-]+\.\$\{AWS::URLSuffix\}", service)

    def test_production_refuses_deletion(self, fleet: Templates) -> None:
        protected = {cluster: each["DeletionProtection"] for cluster, _, _, each in _every(fleet, f"{EKS}Cluster")}
        assert protected["dev"] is False
        assert protected["prod"] is protected["prod-eu"] is True

    @pytest.mark.parametrize(("cluster", "protected"), [("dev", []), ("prod", ["cluster", "network"])])
    def test_termination_protection(
        self, plans: tuple[Plan, ...], tmp_path: Path, cluster: str, protected: list[str]
    ) -> None:
        chosen = [plan for plan in plans if plan.facts.name == cluster]
        synthesized(chosen, tmp_path)
        manifest = json.loads((tmp_path / f"assembly-{cluster}" / "manifest.json").read_text(encoding="utf-8"))
        stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
        found = [each["displayName"] for each in stacks if each["properties"].get("terminationProtection")]
        assert sorted(found) == [f"{cluster}/{name}" for name in protected]

    def test_logical_ids_of_what_holds_state_never_change(self, templates: Templates) -> None:
        """CloudFormation replaces what gets another id. Only add lines here."""
        pinned = {
            "network": {
                "AWS::EC2::VPC": ["Vpc8378EB38"],
                "AWS::EC2::Subnet": [
                    "VpcprivateSubnet1SubnetCEAD3716",
                    "VpcprivateSubnet2Subnet2DE7549C",
                    "VpcprivateSubnet3SubnetA5AC68D9",
                    "VpcpublicSubnet1Subnet2BB74ED7",
                    "VpcpublicSubnet2SubnetE34B022A",
                    "VpcpublicSubnet3SubnetDFEF064A",
                    "VpccontrolplaneSubnet1SubnetABA07DFD",
                    "VpccontrolplaneSubnet2SubnetD3E5C9AC",
                    "VpccontrolplaneSubnet3Subnet1795D0C1",
                ],
                "AWS::KMS::Key": ["Key"],
                "AWS::Logs::LogGroup": ["FlowLogs"],
            },
            "cluster": {
                "AWS::EKS::Cluster": ["Cluster"],
                "AWS::EKS::Nodegroup": ["ComputesystemNodesE27650BE"],
                "AWS::KMS::Key": ["Key"],
            },
            "addons": {"AWS::SQS::Queue": ["karpenterkarpenterinterruption10672CBD"]},
        }
        for cluster in ("dev", "prod", "prod-eu"):
            for stack, kinds in pinned.items():
                for kind, ids in kinds.items():
                    assert list(of_type(templates[cluster, stack], kind)) == ids
        logs = of_type(templates["prod", "cluster"], "AWS::Logs::LogGroup")
        assert "Logs" in logs


class TestSecurity:
    """The bar of `stacks/rules` is tested there; this is what rules on one template cannot see."""

    def test_no_partition_is_written_out(self, fleet: Templates) -> None:
        for key, template in fleet.items():
            assert "arn:aws" not in json.dumps(template), key

    def test_no_secret_is_in_a_template(self, fleet: Templates) -> None:
        secret = re.compile(
            r"AKIA[0-9A-Z]{16}|-----BEGIN|aws_secret|\"(password|token|apiKey)\": \"[^\"]", re.IGNORECASE
        )
        for key, template in fleet.items():
            assert not secret.search(json.dumps(template)), key

    def test_a_policy_on_every_resource_says_why(self, fleet: Templates, plans: tuple[Plan, ...]) -> None:
        """In the plan each such statement has a reason; in the templates there are no others."""
        reasoned = {
            action
            for plan in (*plans, *fleet_plans().values())
            for part in plan.parts
            for statements in [
                plan.control_plane.role.statements,
                *(each.statements for each in plan.node_roles.values()),
                *(each.role.statements for each in plan.control_plane.hybrid),
                *(each.statements for each in part.contribution.grants),
                *(each.grant.statements for each in part.contribution.managed_addons if each.grant),
            ]
            for statement in statements
            if "*" in statement.resources
            for action in statement.actions
            if statement.reason
        }
        for kind in ("AWS::IAM::Role", "AWS::IAM::Policy"):
            for cluster, _, id, properties in _every(fleet, kind):
                inline = [each["PolicyDocument"] for each in properties.get("Policies", [])]
                inline += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
                for statement in (each for document in inline for each in document["Statement"]):
                    if statement["Resource"] == "*":
                        actions = statement["Action"]
                        assert {*([actions] if isinstance(actions, str) else actions)} <= reasoned, (cluster, id)

    def test_only_named_principals_and_the_installer_administer_a_cluster(self, templates: Templates) -> None:
        for cluster, account in (("dev", "111111111111"), ("prod", "222222222222")):
            admins = set()
            for stack in ("cluster", "addons", "teams"):
                for entry in of_type(templates[cluster, stack], f"{EKS}AccessEntry").values():
                    for policy in entry["Properties"].get("AccessPolicies", []):
                        assert text(policy["PolicyArn"]).endswith("/AmazonEKSClusterAdminPolicy")
                        admins.add(text(entry["Properties"]["PrincipalArn"]))
            roles = {
                f"arn:${{AWS::Partition}}:iam::{account}:role/{name}" for name in ("BreakGlass", "PlatformEngineer")
            }
            assert admins == roles | {"${KubectlHandlerServiceRole43CBB9EB.Arn}"}

    def test_nodes_are_in_private_subnets(self, fleet: Templates) -> None:
        for kind, key in (("AWS::EKS::Nodegroup", "Subnets"), ("AWS::EKS::FargateProfile", "Subnets")):
            for cluster, _, id, properties in _every(fleet, kind):
                if cluster in (*THERE, "local-zone"):
                    continue  # tests/stacks/test_existing_network.py, test_local_zones.py
                assert all("Vpcprivate" in json.dumps(subnet) for subnet in properties[key]), (cluster, id)

    def test_every_team_namespace_denies_by_default(self, fleet: Templates) -> None:
        for (cluster, stack), template in fleet.items():
            if stack == "teams":
                found = objects(template)
                spaces = {each["metadata"]["name"] for each in found if each["kind"] == "Namespace"}
                policies = [each for each in found if each["kind"] == "NetworkPolicy"]
                denied = {
                    each["metadata"]["namespace"] for each in policies if each["metadata"]["name"] == "default-deny"
                }
                assert spaces == denied, cluster


class TestCharts:
    def test_manifests_are_applied_and_never_created(self, fleet: Templates) -> None:
        """Without Overwrite the CDK's handler runs `kubectl create`, which refuses what is there already.

        Kubernetes makes the ServiceAccount `default` of every namespace: kubernetes
        pkg/controller/serviceaccount/serviceaccounts_controller.go, which a team's manifest has as well.
        """
        manifests = list(_every(fleet, MANIFEST))
        assert manifests
        assert {properties.get("Overwrite") for *_, properties in manifests} == {True}

    def test_releases_are_atomic_awaited_and_timed(self, fleet: Templates) -> None:
        for cluster, _, id, properties in _every(fleet, HELM):
            assert properties["Atomic"] is properties["Wait"] is True, (cluster, id)
            assert 0 < int(properties["Timeout"].removesuffix("s")) <= 900
            assert re.fullmatch(r"v?\d+\.\d+\.\d+", properties["Version"])
            assert "CreateNamespace" not in properties

    def test_the_kubectl_layer_matches_the_cluster(self, fleet: Templates) -> None:
        """Two clusters of one version share a layer's asset; of different versions they do not."""
        layers: dict[str, set[str]] = {}
        for cluster, template, _, properties in _every(fleet, f"{EKS}Cluster"):
            if cluster in of_hubs():
                continue
            layer = template["Resources"]["KubectlLayer600207B5"]["Properties"]["Content"]["S3Key"]
            layers.setdefault(properties["Version"], set()).add(layer)
        assert {len(found) for found in layers.values()} == {1}
        assert len({key for found in layers.values() for key in found}) == len(layers) == 4


class TestNetwork:
    def test_subnets_are_those_of_the_plan(self, fleet: Templates, plans: tuple[Plan, ...]) -> None:
        for plan in (*plans, *fleet_plans().values()):
            if plan.network.vpc_id:
                assert (plan.facts.name, "network") not in fleet
                continue
            made = of_type(fleet[plan.facts.name, "network"], "AWS::EC2::Subnet").values()
            key = "AvailabilityZoneId" if plan.facts.name == "pod-ranges" else "AvailabilityZone"
            found = {(each["Properties"][key], each["Properties"]["CidrBlock"]) for each in made}
            assert found == {(subnet.zone, subnet.cidr) for subnet in plan.network.subnets}

    @pytest.mark.parametrize(("cluster", "gateways"), [("dev", 1), ("prod", 3), ("isolated", 0)])
    def test_nat_gateways(self, fleet: Templates, cluster: str, gateways: int) -> None:
        assert len(of_type(fleet[cluster, "network"], "AWS::EC2::NatGateway")) == gateways

    def test_subnets_can_be_discovered(self, fleet: Templates) -> None:
        for (_, stack), template in fleet.items():
            if stack == "network":
                for id, subnet in of_type(template, "AWS::EC2::Subnet").items():
                    tags = {tag["Key"]: tag["Value"] for tag in subnet["Properties"]["Tags"]}
                    private, public = "private" in id, "public" in id
                    assert ("kubernetes.io/role/internal-elb" in tags) is private
                    assert ("kubernetes.io/role/elb" in tags) is public
                    assert subnet["Properties"].get("MapPublicIpOnLaunch") is False

    def test_an_isolated_cluster_has_no_way_out(self, fleet: Templates) -> None:
        routes = of_type(fleet["isolated", "network"], "AWS::EC2::Route")
        assert all("public" in id for id in routes)


class TestKinds:
    def test_auto_mode_has_its_nodes_among_the_private_subnets(self, fleet: Templates) -> None:
        """Its node class takes the cluster's subnets of the time when it is switched on, and never others.

        https://github.com/aws/containers-roadmap/issues/2793, terraform-aws-eks#3574
        """
        for cluster, _, _, properties in _every(fleet, f"{EKS}Cluster"):
            subnets = json.dumps(properties["ResourcesVpcConfig"]["SubnetIds"])
            if cluster in THERE:
                continue  # tests/stacks/test_existing_network.py
            # The last because it says so.
            chosen = "Vpcprivate" if cluster in (*AUTO_MODE, "provisioned") else "Vpccontrolplane"
            assert re.findall(r"Vpc(?:private|controlplane)", subnets) == [chosen] * subnets.count("ImportValue"), (
                cluster
            )

    def test_the_control_plane_keeps_the_zones_that_it_was_made_in(self, tmp_path: Path) -> None:
        """EKS takes subnets of these only, and one in each (userguide, network-reqs); nodes come to the others."""
        more = changed(MANAGED.network, zones=("a", "b", "c"), control_plane_zones=("a", "c"))
        for index, base in enumerate((MANAGED, replace(MANAGED, cluster=replace(MANAGED.cluster, subnets="private")))):
            templates = synthesized(plans_of(replace(base, network=more)), tmp_path / str(index))
            resources = templates["managed", "network"]["Resources"]
            exports = {
                each["Export"]["Name"]: resources[each["Value"]["Ref"]]["Properties"].get("AvailabilityZone")
                for each in templates["managed", "network"]["Outputs"].values()
            }
            ((_, cluster),) = of_type(templates["managed", "cluster"], f"{EKS}Cluster").items()
            ids = cluster["Properties"]["ResourcesVpcConfig"]["SubnetIds"]
            assert [exports[each["Fn::ImportValue"]] for each in ids] == ["us-west-2a", "us-west-2c"]
            groups = of_type(templates["managed", "cluster"], f"{EKS}Nodegroup").values()
            assert {len(group["Properties"]["Subnets"]) for group in groups} == {3}

    def test_an_add_on_of_eks_on_fargate_gets_its_role_by_irsa(self, fleet: Templates) -> None:
        """Beside an association EKS would ignore the role, and one that is only left out stays.

        https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html and …/APIReference/API_UpdateAddon.html
        """
        addons = {
            each["AddonName"]: each for cluster, *_, each in _every(fleet, f"{EKS}Addon") if cluster == "launched"
        }
        ebs, cni = addons["aws-ebs-csi-driver"], addons["vpc-cni"]
        assert ebs["PodIdentityAssociations"] == []
        role = fleet["launched", "cluster"]["Resources"][ebs["ServiceAccountRoleArn"]["Fn::GetAtt"][0]]["Properties"]
        trust = json.loads(role["AssumeRolePolicyDocument"]["Fn::Sub"][0])
        (statement,) = trust["Statement"]
        subject = statement["Condition"]["StringEquals"]["${Issuer}:sub"]
        assert subject == "system:serviceaccount:kube-system:ebs-csi-controller-sa"
        assert "ServiceAccountRoleArn" not in cni
        assert len(cni["PodIdentityAssociations"]) == 1

    def test_auto_mode_is_on_in_all_three_places(self, fleet: Templates) -> None:
        for cluster, _, _, properties in _every(fleet, f"{EKS}Cluster"):
            switches = (
                properties["ComputeConfig"]["Enabled"],
                properties["StorageConfig"]["BlockStorage"]["Enabled"],
                properties["KubernetesNetworkConfig"]["ElasticLoadBalancing"]["Enabled"],
            )
            assert set(switches) == {cluster in AUTO_MODE}

    def test_the_cluster_s_role_may_tag_where_auto_mode_does(self, fleet: Templates) -> None:
        for cluster, template in ((name, each) for (name, stack), each in fleet.items() if stack == "cluster"):
            (id,) = (
                resource["Properties"]["RoleArn"]["Fn::GetAtt"][0]
                for resource in of_type(template, f"{EKS}Cluster").values()
            )
            policies = template["Resources"][id]["Properties"].get("Policies", [])
            allowed = {
                action
                for each in policies
                for one in each["PolicyDocument"]["Statement"]
                for action in _many(one["Action"])
            }
            assert ("elasticloadbalancing:CreateLoadBalancer" in allowed) is (cluster in AUTO_MODE)

    def test_only_what_pod_identity_cannot_serve_uses_the_identity_provider(self, fleet: Templates) -> None:
        """Workloads on Fargate, a team's on Windows, and External Secrets on behalf of teams, a hub and Flux."""
        uses = {
            cluster
            for cluster, _, _, properties in _every(fleet, "AWS::IAM::Role")
            if "Fn::Sub" in properties["AssumeRolePolicyDocument"]
        }
        assert uses == {"argo-delivery", "argo-hub", "fargate", "flux-delivery", "launched", "teams", "windows"}
        (chart,) = of_type(fleet["fargate", "addons"], HELM).values()
        values = json.loads(text(chart["Properties"]["Values"]))
        role = values["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"]
        assert role == "${externaldnsexternaldnsexternaldnsrole3FE2A063.Arn}"
        assert not of_type(fleet["fargate", "addons"], f"{EKS}PodIdentityAssociation")
        trust = fleet["fargate", "addons"]["Resources"]["externaldnsexternaldnsexternaldnsrole3FE2A063"]["Properties"]
        document = json.loads(trust["AssumeRolePolicyDocument"]["Fn::Sub"][0])
        (statement,) = document["Statement"]
        assert statement["Condition"]["StringEquals"] == {
            "${Issuer}:aud": "sts.amazonaws.com",
            "${Issuer}:sub": "system:serviceaccount:external-dns:external-dns",
        }

    def test_self_managed_nodes_know_their_cluster(self, fleet: Templates) -> None:
        """What else they are told is tested without the CDK, in tests/blueprint/test_user_data.py."""
        found = [(name, each["LaunchTemplateData"]) for name, *_, each in _every(fleet, "AWS::EC2::LaunchTemplate")]
        data = [(name, text(each["UserData"]["Fn::Base64"])) for name, each in found if "UserData" in each]
        # Of the first two: tests/blueprint/test_proxy.py, tests/stacks/test_nodes.py; EKS tells managed nodes the rest.
        elsewhere = ("shared-vpc", "tuned-nodes", "windows")
        data = [(name, each) for name, each in data if name not in elsewhere]
        names = ["gpu-inference", "graviton", "ipv6", "local-zone", "pod-ranges", "self-managed", "training"]
        assert sorted({name for name, _ in data}) == names
        assert len(data) == 2 * 3 + 3 + 3
        for name, each in data:
            assert "${Cluster.Endpoint}" in each
            assert "${Cluster.CertificateAuthorityData}" in each
            assert name in each

    def test_self_managed_nodes_roll_when_their_image_or_user_data_changes(self, fleet: Templates) -> None:
        """A group without an update policy keeps its nodes as they are (UpdatePolicy, AutoScalingRollingUpdate).

        Nothing states how many there are now, or a deploy would set back what has been scaled.
        """
        groups = of_type(fleet["self-managed", "cluster"], "AWS::AutoScaling::AutoScalingGroup")
        assert len(groups) == 2
        for group in groups.values():
            policy = group["UpdatePolicy"]["AutoScalingRollingUpdate"]
            assert policy["MinInstancesInService"] < int(group["Properties"]["MaxSize"])
            assert (policy["MaxBatchSize"], policy["PauseTime"]) == (1, "PT5M"), "a node joins before the next one goes"
            assert "DesiredCapacity" not in group["Properties"]
        templates = of_type(fleet["self-managed", "cluster"], "AWS::EC2::LaunchTemplate").values()
        images = [each["Properties"]["LaunchTemplateData"].get("ImageId") for each in templates]
        assert sorted(
            image.rpartition("/aws/service/")[2].partition("/image_id}}")[0] for image in images if image
        ) == [
            "bottlerocket/aws-k8s-1.36/arm64/1.66.0",
            f"{AL2023}/amazon-eks-node-al2023-x86_64-standard-1.36-v20260714",
        ]

    def test_the_size_of_a_group_is_stated_unless_somebody_else_manages_it(self, tmp_path: Path) -> None:
        """EKS wants all three sizes of a new group; left out later, nothing happens to the third.

        https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html
        """
        (_, group) = MANAGED.compute
        names = {"a": None, "b": 3, "c": "unmanaged"}
        compute = tuple(changed(group, name=name, desired=desired, max=4) for name, desired in names.items())
        found = of_type(
            synthesized(plans_of(replace(MANAGED, compute=compute)), tmp_path)["managed", "cluster"], f"{EKS}Nodegroup"
        )
        sizes = {id: each["Properties"]["ScalingConfig"] for id, each in found.items()}
        assert [list(size.values()) for size in sizes.values()] == [[2, 4, 2], [3, 4, 2], [4, 2]]
        assert [size.get("DesiredSize") for size in sizes.values()] == [2, 3, None]

    def test_nodes_may_stay_a_version_behind(self, tmp_path: Path) -> None:
        compute = (MANAGED.compute[0], changed(MANAGED.compute[1], version="1.35"))
        templates = synthesized(plans_of(replace(MANAGED, compute=compute)), tmp_path)
        groups = of_type(templates["managed", "cluster"], "AWS::EKS::Nodegroup")
        versions = {
            id.partition("Nodes")[0]: (each["Properties"].get("Version"), each["Properties"]["ReleaseVersion"])
            for id, each in groups.items()
        }
        # A release of Amazon Linux is of one Kubernetes version, one of Bottlerocket of several.
        assert versions == {"Computearm": ("1.36", "1.66.0-1ad6b4a4"), "Computex86": (None, "1.35.6-20260714")}

    def test_fargate_profiles_are_made_one_at_a_time(self, fleet: Templates) -> None:
        template = fleet["fargate", "cluster"]
        first, second = of_type(template, "AWS::EKS::FargateProfile")
        assert first in waits_for(template, second)

    def test_tags_reach_stacks_and_what_controllers_and_groups_launch(self, tmp_path: Path) -> None:
        """CloudFormation puts a stack's tags on its resources; what others launch, it does not see."""
        tags = {"cost-center": "42"}
        plan = plans_of(replace(PROD, tags=tags))
        templates = synthesized(plan, tmp_path)
        manifest = json.loads((tmp_path / "assembly-prod" / "manifest.json").read_text(encoding="utf-8"))
        stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
        assert [each["properties"]["tags"] for each in stacks] == [tags] * 4
        for launched in of_type(templates["prod", "cluster"], "AWS::EC2::LaunchTemplate").values():
            for each in launched["Properties"]["LaunchTemplateData"]["TagSpecifications"]:
                assert {"Key": "cost-center", "Value": "42"} in each["Tags"]
        (node_class,) = [each for each in objects(templates["prod", "addons"]) if each["kind"] == "EC2NodeClass"]
        assert node_class["spec"]["tags"] == tags
        charts = of_type(templates["prod", "addons"], HELM).values()
        (values,) = [json.loads(text(each["Properties"]["Values"])) for each in charts if "balancer" in str(each)]
        assert values["defaultTags"] == tags


class TestNames:
    """Names that users choose neither collide with others nor depend on their position."""

    def test_compute_may_be_named_like_anything_else(self, tmp_path: Path) -> None:
        (nodes,) = MANAGED.compute[1:]
        names = ("vpc-cni", "vpccni", "cluster", "system", "system-template", "nodes", "launch-template", "role")
        compute = tuple(replace(nodes, name=name) for name in names)
        templates = synthesized(plans_of(replace(MANAGED, compute=compute)), tmp_path)
        assert len(of_type(templates["managed", "cluster"], f"{EKS}Nodegroup")) == len(names)

    def test_what_has_a_name_of_its_own_has_its_cluster_s(self, fleet: Templates) -> None:
        """So two clusters of an account never make the same; what has no name gets one of CloudFormation's.

        A bucket or a vault has the name that its user chose, and one maker: tests/addons/test_buckets.py and
        test_aws_backup.py. So have roles of a hub, by which other clusters know it.
        """
        named, of_another = set(), re.compile(r"\$\{(?!AWS::)")
        for (cluster, _), template in fleet.items():
            for resource in template["Resources"].values():
                kind, properties = resource["Type"], resource.get("Properties", {})
                if not kind.startswith("AWS::") or kind.startswith(("AWS::Backup::", "AWS::S3::")):
                    continue
                if (cluster, kind) == ("argo-hub", "AWS::IAM::Role"):
                    continue
                schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
                keys = {path.removeprefix("/properties/") for path in schema["primaryIdentifier"]}
                if names := [text(properties[key]) for key in keys if key in properties]:
                    named.add(kind)
                    delivers = kind.startswith("AWS::Logs::Delivery")  # with neither / nor : in its name
                    assert any(
                        cluster in re.split("[/:]", name)
                        or of_another.search(name)
                        or name == f"ArgoCdHubFacts-{cluster}"
                        or (delivers and name.startswith(f"{cluster}-"))
                        for name in names
                    ), names
        assert named >= {f"{EKS}Cluster", f"{EKS}Addon", "AWS::Logs::LogGroup"}

    def test_the_order_of_people_and_nodes_changes_no_logical_id(self, tmp_path: Path) -> None:
        others = (PermissionSet("a", suffix="0" * 16, region=region) for region in ("us-east-1", "eu-west-1"))
        people = (Role("a"), Role("path/a"), Role("a", account="333333333333"), User("a"), *others)
        team = replace(PLATFORM, members=tuple(replace(one, name=f"{one.name}b") for one in people))
        found = []
        for order in (1, -1):
            cluster = replace(MANAGED.cluster, admins=people[::order])
            turned = replace(team, members=team.members[::order])
            blueprint = replace(MANAGED, cluster=cluster, teams=(turned,), compute=MANAGED.compute[::order])
            templates = synthesized(plans_of(blueprint), tmp_path / str(order))
            found.append({key: template["Resources"] for key, template in templates.items()})
        assert found[0] == found[1]
        entries = [
            id for id in of_type(templates["managed", "cluster"], f"{EKS}AccessEntry") if id.startswith("Access")
        ]
        assert len(entries) == 2 * len(people)


def test_a_replica_differs_only_where_it_says(templates: Templates) -> None:
    for stack in ("network", "cluster", "addons", "teams"):
        replica = json.dumps(templates["prod-eu", stack])
        differing = {"prod-eu": "prod", "eu-west-1": "us-west-2", "10.30.": "10.20.", "argocd.eu.": "argocd."}
        for ours, theirs in differing.items():
            replica = replica.replace(ours, theirs)
        original = json.dumps(templates["prod", stack])
        masked = r"aws\.cdk\.eks/prune-[0-9a-f]+|[0-9a-f]{64}"  # the CDK's hashes of construct paths and of assets
        assert re.sub(masked, "", replica) == re.sub(masked, "", original)
