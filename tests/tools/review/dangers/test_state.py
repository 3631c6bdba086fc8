"""State that goes, by the diff engine's judgement; and updates that EKS refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.dangers.support import (
    Edit,
    Resources,
    Told,
    differing,
    edited,
    judged,
    manifest,
    only,
    resource,
    stack_of,
    stacks_differing,
    thing,
    told,
)
from tools.assembly import CHART
from tools.review.dangers import dangers
from tools.revision.differences import ClusterDifference

RETAIN = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
RESOURCES: Resources = {
    "Vpc": resource("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
    "Subnet": resource("AWS::EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}),
    "Key": resource("AWS::KMS::Key", {"Description": "Secrets"}, **RETAIN),
    "Logs": resource("AWS::Logs::LogGroup", {"LogGroupName": "/aws/eks/dev/cluster", "RetentionInDays": 30}, **RETAIN),
    "Files": resource("AWS::EFS::FileSystem", {"Encrypted": True}),
    "Bucket": resource("AWS::S3::Bucket", {"BucketName": "b"}),
    "Cluster": resource(
        "AWS::EKS::Cluster",
        {
            "Name": "dev",
            "Version": "1.35",
            "AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False},
            "KubernetesNetworkConfig": {
                "ServiceIpv4Cidr": "172.20.0.0/16",
                "ElasticLoadBalancing": {"Enabled": False},
            },
            "ComputeConfig": {"Enabled": False},
            "StorageConfig": {"BlockStorage": {"Enabled": False}},
            "ResourcesVpcConfig": {
                "EndpointPublicAccess": False,
                "EndpointPrivateAccess": True,
                "SubnetIds": ["s1", "s2"],
            },
            "Logging": {"ClusterLogging": {"EnabledTypes": [{"Type": "api"}, {"Type": "audit"}]}},
        },
    ),
    "Template": resource("AWS::EC2::LaunchTemplate", {"LaunchTemplateData": {"ImageId": "ami-1"}}),
    "Nodes": resource(
        "AWS::EKS::Nodegroup",
        {
            "ClusterName": "dev",
            "Version": "1.35",
            "InstanceTypes": ["m7g.large"],
            "ScalingConfig": {"MinSize": 1, "MaxSize": 3, "DesiredSize": 1},
            "Taints": [{"Key": "a"}, {"Key": "b"}],
            "Subnets": [{"Fn::ImportValue": "net:Subnet"}],
            "LaunchTemplate": {
                "Id": {"Ref": "Template"},
                "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
            },
        },
    ),
    "Pods": resource("AWS::EKS::FargateProfile", {"ClusterName": "dev", "Selectors": [{"Namespace": "a"}]}),
    "Addon": resource("AWS::EKS::Addon", {"ClusterName": "dev", "AddonName": "vpc-cni", "AddonVersion": "v1"}),
    "Entry": resource("AWS::EKS::AccessEntry", {"ClusterName": "dev", "PrincipalArn": "arn:a", "Type": "STANDARD"}),
    "Chart": resource(CHART, {"ClusterName": "dev", "Release": "r", "Namespace": "n", "Version": "1"}),
    "Objects": manifest(thing("ConfigMap", "a", "n")),
}


def put(id: str, **properties: Any) -> Edit:
    return lambda them: them[id]["Properties"].update(properties)


def part(id: str, *path: str, **values: Any) -> Edit:
    def edit(them: Resources) -> None:
        found = them[id]["Properties"]
        for name in path:
            found = found[name]
        found.update(values)

    return edit


def without(*ids: str) -> Edit:
    return lambda them: [them.pop(id) for id in ids]


def called(old: str, new: str) -> Edit:
    return lambda them: them.update({new: them.pop(old)})


def both(*edits: Edit) -> Edit:
    return lambda them: [edit(them) for edit in edits]


PUBLIC = part("Cluster", "ResourcesVpcConfig", EndpointPublicAccess=True, PublicAccessCidrs=["192.0.2.0/24"])
CASES: dict[str, tuple[Edit, Told]] = {
    # What a day's work consists of
    "a chart is bumped": (put("Chart", Version="2"), []),
    "an add-on is updated": (put("Addon", AddonVersion="v2"), []),
    "the number of nodes": (put("Nodes", ScalingConfig={"MinSize": 2, "MaxSize": 5}), []),
    "taints in another order": (put("Nodes", Taints=[{"Key": "b"}, {"Key": "a"}], Version="1.36"), []),
    "objects": (put("Objects", Manifest="[]"), []),
    "a chart goes": (without("Chart"), []),
    "an add-on goes": (without("Addon"), []),
    "something comes": (lambda them: them.update(New=resource("AWS::EFS::FileSystem")), []),
    "new nodes": (put("Template", LaunchTemplateData={"ImageId": "ami-2"}), []),
    "an upgrade": (both(put("Cluster", Version="1.36"), put("Nodes", Version="1.36")), []),
    "longer logs": (put("Logs", RetentionInDays=60), []),
    # State
    "the VPC's range": (put("Vpc", CidrBlock="10.1.0.0/16"), [("replaces-state", "Vpc"), ("replaces-state", "Subnet")]),
    "a subnet goes": (without("Subnet"), [("deletes-state", "Subnet")]),
    "a kept key goes": (without("Key"), [("deletes-state", "Key")]),
    "a kept log group goes": (without("Logs"), [("deletes-state", "Logs")]),
    "another log group": (put("Logs", LogGroupName="/other"), [("replaces-state", "Logs")]),
    "a file system becomes plain": (put("Files", Encrypted=False), [("replaces-state", "Files")]),
    "a bucket goes": (without("Bucket"), [("deletes-state", "Bucket")]),
    "instance types": (put("Nodes", InstanceTypes=["m7g.xlarge"]), [("replaces-state", "Nodes")]),
    "nodes go": (without("Nodes"), [("deletes-state", "Nodes")]),
    "selectors": (put("Pods", Selectors=[{"Namespace": "b"}]), [("replaces-state", "Pods")]),
    "addresses of Services": (
        part("Cluster", "KubernetesNetworkConfig", ServiceIpv4Cidr="172.21.0.0/16"),
        [("replaces-state", "Cluster")],
    ),
    "who made it administers it": (
        part("Cluster", "AccessConfig", BootstrapClusterCreatorAdminPermissions=True),
        [("replaces-state", "Cluster")],
    ),
    "another type": (lambda them: them["Files"].update(Type="AWS::S3::Bucket"), [("replaces-state", "Files")]),
    # Create-only
    "another add-on": (put("Addon", AddonName="coredns"), [("create-only", "Addon")]),
    "another kind of entry": (put("Entry", Type="EC2_LINUX"), [("create-only", "Entry")]),
    # Renames
    "a key is renamed": (called("Key", "Other"), [("renames-resource", "Key")]),
    "an add-on is renamed": (called("Addon", "Other"), [("renames-resource", "Addon")]),
    "a chart is renamed": (called("Chart", "Other"), [("renames-resource", "Chart")]),
    "a manifest is renamed": (called("Objects", "Other"), [("renames-resource", "Objects")]),
    "nodes are renamed": (called("Nodes", "Other"), [("renames-resource", "Nodes")]),
    "nodes are renamed, in a renamed subnet": (
        both(called("Nodes", "Other"), put("Other", Subnets=[{"Fn::ImportValue": "net:Other"}])),
        [("renames-resource", "Nodes")],
    ),
    "a subnet is renamed": (called("Subnet", "Other"), [("renames-resource", "Subnet")]),
    "other nodes instead": (
        both(called("Nodes", "Other"), put("Other", InstanceTypes=["m7g.xlarge"])),
        [("deletes-state", "Nodes")],
    ),
    "another add-on instead": (both(called("Addon", "Other"), put("Other", AddonName="coredns")), []),
    "a template is renamed": (both(called("Template", "Other"), without("Nodes")), [("deletes-state", "Nodes")]),
    # Updates that EKS refuses together
    "version and endpoint": (
        both(put("Cluster", Version="1.36"), PUBLIC),
        [("mixed-eks-update", "Cluster"), ("opens-endpoint", "Cluster")],
    ),
    "endpoint and subnets": (
        both(part("Cluster", "ResourcesVpcConfig", EndpointPrivateAccess=False, SubnetIds=["s3", "s2"])),
        [("mixed-eks-update", "Cluster")],
    ),
    "version, and subnets in another order": (
        both(put("Cluster", Version="1.36"), part("Cluster", "ResourcesVpcConfig", SubnetIds=["s2", "s1"])),
        [],
    ),
    "protection and logging": (
        put("Cluster", DeletionProtection=True, Logging={"ClusterLogging": {"EnabledTypes": []}}),
        [("mixed-eks-update", "Cluster"), ("removes-protection", "Cluster")],
    ),
    "version and tags": (put("Cluster", Version="1.36", Tags=[{"Key": "a", "Value": "b"}]), []),
    "Auto Mode": (
        both(
            put("Cluster", ComputeConfig={"Enabled": True}, StorageConfig={"BlockStorage": {"Enabled": True}}),
            part("Cluster", "KubernetesNetworkConfig", ElasticLoadBalancing={"Enabled": True}),
        ),
        [],
    ),
    "Auto Mode and authentication": (
        both(
            put("Cluster", ComputeConfig={"Enabled": True}),
            part("Cluster", "AccessConfig", AuthenticationMode="API_AND_CONFIG_MAP"),
        ),
        [("mixed-eks-update", "Cluster")],
    ),
    "nodes' version and number": (
        put("Nodes", Version="1.36", ScalingConfig={"MinSize": 2, "MaxSize": 5}),
        [("mixed-eks-update", "Nodes")],
    ),
    "nodes' template and labels": (
        both(put("Template", LaunchTemplateData={"ImageId": "ami-2"}), put("Nodes", Labels={"a": "b"})),
        [("mixed-eks-update", "Nodes")],
    ),
    "nodes' labels and number": (put("Nodes", Labels={"a": "b"}, ScalingConfig={"MinSize": 2}), []),
    "nodes replaced with all at once": (
        put("Nodes", InstanceTypes=["m7g.xlarge"], Version="1.36", Labels={"a": "b"}),
        [("replaces-state", "Nodes"), ("skips-minor", "Nodes")],
    ),
    # Versions
    "two minors": (put("Cluster", Version="1.37"), [("skips-minor", "Cluster")]),
    "a minor back": (put("Cluster", Version="1.34"), [("skips-minor", "Cluster")]),
    "nodes back": (put("Nodes", Version="1.34"), [("skips-minor", "Nodes")]),
    "nodes catch up": (put("Nodes", Version="1.37"), []),
}


@pytest.fixture(scope="module")
def found() -> dict[str, ClusterDifference | None]:
    """All in one call: the engine takes a second to start."""
    pairs = [(RESOURCES, edited(RESOURCES, edit)) for edit, _ in CASES.values()]
    return dict(zip(CASES, judged(pairs), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_tells(case: str, found: dict[str, ClusterDifference | None]) -> None:
    difference = found[case]
    assert difference, "the case changes nothing"
    assert told(difference) == CASES[case][1]


@pytest.mark.parametrize(
    ("case", "what", "why"),
    [
        ("a kept key goes", "stays in the account", "no longer in the app"),
        ("a kept log group goes", "a new one of its name fails: already exists", "no longer in the app"),
        ("another log group", "the old one stays", "LogGroupName: /aws/eks/dev/cluster -> /other"),
        ("a file system becomes plain", "its files are lost", "Encrypted: true -> false"),
        ("instance types", "drained", 'InstanceTypes: ["m7g.large"] -> ["m7g.xlarge"]'),
        ("addresses of Services", "already exists", "KubernetesNetworkConfig.ServiceIpv4Cidr: 172.20.0.0/16 -> "),
        ("another type", "its files are lost", "Type: AWS::EFS::FileSystem -> AWS::S3::Bucket"),
        ("another kind of entry", "already exists", "Type: STANDARD -> EC2_LINUX"),
        ("another add-on", "EKS cannot change this", "AddonName: vpc-cni -> coredns"),
        ("a key is renamed", "the old one stays in the account", "Key is called Other now"),
        ("an add-on is renamed", "already exists", "Addon is called Other now"),
        ("a chart is renamed", "uninstalled", "Chart is called Other now"),
        ("a manifest is renamed", "applied, then deleted", "Objects is called Other now"),
        ("nodes are renamed", "terminated", "Nodes is called Other now"),
        ("nodes' version and number", "one at a time", "Version: 1.35 -> 1.36; ScalingConfig.MinSize: 1 -> 2"),
        ("nodes' template and labels", "one at a time", "a new version of its launch template; Labels"),
        ("two minors", "one minor at a time", "Version: 1.35 -> 1.37"),
        ("endpoint and subnets", "these are 2", "VpcConfigUpdate (ResourcesVpcConfig.SubnetIds: -s1 +s3)"),
    ],
)
def test_names_what_happens_and_why(case: str, what: str, why: str, found: dict[str, ClusterDifference | None]) -> None:
    difference = found[case]
    assert difference
    danger = only(difference)
    assert what in danger.what
    assert why in danger.why
    assert danger.fix


def test_what_has_no_fixed_name_can_be_made_again(found: dict[str, ClusterDifference | None]) -> None:
    difference = found["a kept key goes"]
    assert difference
    assert "already exists" not in only(difference).what


def test_names_what_a_replacement_comes_from(found: dict[str, ClusterDifference | None]) -> None:
    difference = found["the VPC's range"]
    assert difference
    (subnet,) = [danger for danger in dangers(difference) if danger.id == "Subnet"]
    assert subnet.why == "VpcId: ${Vpc} is replaced"
    assert "already exists" not in subnet.what  # in a new VPC its range is free


@pytest.mark.parametrize(
    ("name", "imported"),
    [
        ("net:Subnet", {"Fn::ImportValue": "net:Subnet"}),
        ("net:Subnet", {"Fn::Join": ["", ["a", {"Fn::ImportValue": {"Fn::Sub": "net:Subnet"}}]]}),
        ({"Fn::Sub": "it's:Subnet"}, {"Fn::ImportValue": "it's:Subnet"}),
    ],
)
def test_an_import_stops_the_deploy(name: object, imported: object) -> None:
    exported = {"Outputs": {"Out": {"Value": {"Ref": "Subnet"}, "Export": {"Name": name}}}}
    subnet = {"Subnet": RESOURCES["Subnet"]}
    network = stack_of(subnet, name="network", stack_name="dev-network", template=exported)
    user = stack_of({"Nodes": resource("AWS::SQS::Queue", {"Subnet": imported})})
    other = stack_of({"Nodes": resource("AWS::SQS::Queue", {"Subnet": {"Fn::ImportValue": "net:Other"}})})
    gone = stack_of({}, name="network", stack_name="dev-network")
    assert "while the cluster stack imports it" in only(stacks_differing((network, gone), (user, user))).what
    assert "imports" not in only(stacks_differing((network, gone), (other, other))).what


def test_what_moves_to_a_later_stack_is_away_meanwhile() -> None:
    addon = {"Addon": RESOURCES["Addon"]}
    first, last = stack_of(addon), stack_of(addon, name="addons", stack_name="dev-addons")
    empty, none = stack_of({}), stack_of({}, name="addons", stack_name="dev-addons")
    later = only(stacks_differing((first, empty), (none, last)))
    assert (later.rule, later.id, later.stack) == ("renames-resource", "Addon", "cluster")
    assert "made again by a later stack" in later.what
    assert "of the addons stack" in later.why
    assert "already exists" in only(stacks_differing((empty, first), (last, none))).what


def test_what_goes_along_with_a_name_is_told_once() -> None:
    """A team or an add-on under another name takes all its resources along."""
    both = {"Addon": RESOURCES["Addon"], "Objects": RESOURCES["Objects"]}
    paths = {"Addon": "shop/addon", "Objects": "shop/objects", "Addon2": "store/addon", "Objects2": "store/objects"}
    before, after = stack_of(both, paths=paths), stack_of({f"{id}2": each for id, each in both.items()}, paths=paths)
    danger = only(stacks_differing((before, after)))
    assert (danger.rule, danger.id, danger.path) == ("renames-resource", "Addon", "shop")
    assert danger.why == "shop is called store now"
    assert "already exists" in danger.what
    assert "are applied, then deleted" in danger.what
    # Within one construct each has a name of its own.
    apart = {**paths, "Addon2": "shop/other", "Objects2": "shop/more"}
    found = dangers(stacks_differing((before, stack_of(dict(after.resources), paths=apart))))
    assert [each.path for each in found] == ["shop/addon", "shop/objects"]


TAGGED = {"Template": RESOURCES["Template"], "Nodes": RESOURCES["Nodes"]}


@pytest.mark.parametrize(
    ("edit", "tags", "told_of"),
    [
        (put("Template", LaunchTemplateData={"ImageId": "ami-2"}), {"a": "c"}, [("mixed-eks-update", "Nodes")]),
        (put("Template", LaunchTemplateData={"ImageId": "ami-2"}), {"a": "b"}, []),
        (put("Nodes", Labels={"a": "b"}), {"a": "c"}, []),
        (without("Nodes", "Template"), {"a": "c"}, [("deletes-state", "Nodes")]),
    ],
)
def test_tags_of_the_stack_are_an_update_of_nodes(edit: Edit, tags: dict[str, str], told_of: Told) -> None:
    before = stack_of(TAGGED, tags={"a": "b"})
    assert told(stacks_differing((before, stack_of(edited(TAGGED, edit), tags=tags)))) == told_of


def test_the_provider_that_service_accounts_sign_in_by() -> None:
    """With it goes what every role by IRSA trusts, the last one too."""
    provider = {"It": resource("AWS::IAM::OIDCProvider", {"Url": "https://oidc.example.com"})}
    what = "deleted: service accounts with roles by IRSA lose their AWS permissions"
    assert only(differing(provider, {})).what == what
