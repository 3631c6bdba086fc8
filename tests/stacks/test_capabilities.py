"""The order in which an EKS Capability is made, and whose its role is."""

from __future__ import annotations

from tests.templates import Templates, of_type


def test_its_role_is_for_the_service_that_runs_it(fleet: Templates) -> None:
    """Without these CreateCapability refuses it: terraform-aws-eks modules/capability/main.tf (assume_role_policy)."""
    template = fleet["capabilities", "addons"]
    roles = [
        role["Properties"]
        for role in of_type(template, "AWS::IAM::Role").values()
        if "capabilities.eks" in str(role["Properties"]["AssumeRolePolicyDocument"])
    ]
    assert len(roles) == 3
    for role in roles:
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "capabilities.eks.amazonaws.com"}
        assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    first = [role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] for role in roles if "Policies" in role]
    assert sorted(actions[0] for actions in first) == ["codeconnections:GetConnection", "sqs:CreateQueue"]


def test_its_access_entry_is_made_first(fleet: Templates) -> None:
    """Or EKS makes one of its own, and CloudFormation finds an entry where it wants to make one:
    aws-samples/eks-workshop-v2 pull request 1858 (ResourceInUseException).
    """
    template = fleet["capabilities", "addons"]
    entries = {
        entry["Properties"]["PrincipalArn"]["Fn::GetAtt"][0]: id
        for id, entry in of_type(template, "AWS::EKS::AccessEntry").items()
    }
    found = of_type(template, "AWS::EKS::Capability").values()
    assert {each["Properties"]["Type"] for each in found} == {"ACK", "ARGOCD", "KRO"}
    for each in found:
        role = each["Properties"]["RoleArn"]["Fn::GetAtt"][0]
        assert {role, entries[role]} <= {*each["DependsOn"]}
        assert each["Properties"]["DeletePropagationPolicy"] == "RETAIN"


def test_objects_come_after_the_kinds_that_it_defines(fleet: Templates) -> None:
    template = fleet["capabilities", "addons"]
    (argo,) = (
        id for id, each in of_type(template, "AWS::EKS::Capability").items() if each["Properties"]["Type"] == "ARGOCD"
    )
    manifests = [
        each
        for each in of_type(template, "Custom::AWSCDK-EKS-KubernetesResource").values()
        if "argocd-cm" in str(each["Properties"]["Manifest"])
    ]
    assert len(manifests) == 1
    assert argo in manifests[0]["DependsOn"]
