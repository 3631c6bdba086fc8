"""Changes that reach into several stacks, deployed in the order in which the CLI deploys them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lifecycle.cluster import UNKNOWN_AUTHORITY
from tests.lifecycle.lab import Lab, World
from tests.lifecycle.templates import ADDON, CLUSTER, of_type


def test_all_that_was_installed_can_be_removed_again(lab: Lab) -> None:
    """Earlier stacks are updated while later ones still import what they export."""
    world = lab.world()
    world.put_all("full")
    world.put_all("bare")
    assert world.contents() == {**world.contents(), "objects": [], "releases": []}


def _imported(world: World) -> str:
    """An output of the network that the cluster imports."""
    imports = json.dumps(world.template("cluster"))
    outputs: dict[str, Any] = world.template("network")["Outputs"]
    return next(name for name, output in outputs.items() if output["Export"]["Name"] in imports)


def _with_output(world: World, name: str, output: object) -> dict[str, Any]:
    """The network's template with another output in place of one, or without it."""
    template = world.template("network")
    kept = {key: found for key, found in template["Outputs"].items() if key != name}
    return {**template, "Outputs": {**kept, name: output} if output else kept}


def test_an_export_in_use_is_neither_deleted_nor_changed(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    name = _imported(world)
    output = world.template("network")["Outputs"][name]
    for other, done in ((None, "deleted"), ({**output, "Value": "other"}, "updated")):
        assert world.put("network", template=_with_output(world, name, other)) == "UPDATE_ROLLBACK_COMPLETE"
        said = f"Export {output['Export']['Name']} cannot be {done} as it is in use by lab-cluster"
        assert any(said in reason for reason in world.reasons("network")), world.reasons("network")
    assert world.delete("cluster") == "DELETE_COMPLETE"
    assert world.put("network", template=_with_output(world, name, None)) == "UPDATE_COMPLETE"


def test_what_nobody_exports_cannot_be_imported(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="network")
    name = _imported(world)
    assert world.put("network", template=_with_output(world, name, None)) == "UPDATE_COMPLETE"
    assert world.put("cluster") == "ROLLBACK_COMPLETE"
    exported = world.template("network")["Outputs"][name]["Export"]["Name"]
    assert any(f"Export '{exported}' not found" in reason for reason in world.reasons("cluster"))


def test_a_person_may_become_an_administrator(lab: Lab) -> None:
    """EKS keeps one access entry for a principal."""
    world = lab.world()
    world.put_all()
    world.put_all("promoted")
    world.put_all()


def test_a_second_entry_or_association_for_the_same_is_refused(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html , and that of associations."""
    world = lab.world()
    world.put_all()
    eks = world.account.client("eks")
    group = world.group()
    with pytest.raises(ClientError, match="ResourceInUseException"):
        # EKS has made that of its nodes itself.
        eks.create_access_entry(clusterName="lab", principalArn=group["nodeRole"], type="EC2_LINUX")
    (known,) = eks.list_pod_identity_associations(clusterName="lab", namespace="external-dns")["associations"]
    second = {"clusterName": "lab", "namespace": known["namespace"], "serviceAccount": known["serviceAccount"]}
    with pytest.raises(ClientError, match="ResourceInUseException"):
        eks.create_pod_identity_association(**second, roleArn="arn:aws:iam::111111111111:role/Other")


def test_an_authority_is_rotated_in_two_deploys(lab: Lab) -> None:
    """API_ActivateCertificateAuthority: "This certificate authority must already exist on the cluster"."""
    world = lab.world()
    world.put_all("successor", until="cluster")
    assert world.put("cluster", "rotated") == "UPDATE_ROLLBACK_COMPLETE"
    assert any("No certificate authority found for id" in reason for reason in world.reasons("cluster"))
    (stack,) = world.account.client("cloudformation").describe_stacks(StackName="lab-cluster")["Stacks"]
    (id,) = (each["OutputValue"] for each in stack["Outputs"] if "CertificateAuthority2027" in each["OutputKey"])
    template = json.loads(json.dumps(world.template("cluster", "rotated")).replace(UNKNOWN_AUTHORITY, id))
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"


def test_a_zone_can_be_added(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    before = _zones(world)
    world.put_all("wider")
    assert _zones(world) > before


def test_the_control_plane_stays_in_its_zones(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"""
    world = lab.world()
    world.put_all(until="cluster")
    ec2 = world.account.client("ec2")
    template = world.template("cluster")
    (cluster,) = of_type(template["Resources"], CLUSTER)
    eks = world.account.client("eks")
    config = eks.describe_cluster(name="lab")["cluster"]["resourcesVpcConfig"]
    vpc = config["vpcId"]
    added = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.254.0/24", AvailabilityZone="us-west-2d")["Subnet"]
    cluster["ResourcesVpcConfig"]["SubnetIds"] = [*config["subnetIds"], added["SubnetId"]]
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("must be in the same set of AZs" in reason for reason in world.reasons("cluster"))


def _zones(world: World) -> set[str]:
    subnets = world.account.client("ec2").describe_subnets()["Subnets"]
    return {subnet["AvailabilityZone"] for subnet in subnets if not subnet["DefaultForAz"]}


@pytest.mark.parametrize(("given", "left"), [({"PodIdentityAssociations": []}, 0), ({}, 1)])
def test_an_addon_keeps_its_pod_identities_until_an_empty_list_comes(
    lab: Lab, given: dict[str, Any], left: int
) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html"""
    world = lab.world()
    world.put_all(until="cluster")
    template = world.template("cluster")
    (addon,) = (each for each in of_type(template["Resources"], ADDON) if each["AddonName"] == "aws-ebs-csi-driver")
    del addon["PodIdentityAssociations"]
    addon |= given
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE", world.reasons("cluster")
    found = world.account.client("eks").list_pod_identity_associations(
        clusterName="lab", serviceAccount="ebs-csi-controller-sa"
    )
    assert len(found["associations"]) == left
