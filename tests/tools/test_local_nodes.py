"""What the emulator knows of nodes, against what others say of them."""

from __future__ import annotations

import base64
import json

import pytest

from tools.local.emulator.images import known
from tools.local.emulator.managed_policies import ACTIONS
from tools.local.emulator.user_data import KubernetesTaint, NodeConfig, UserDataError, parse

# awslabs/amazon-eks-ami v20260714, nodeadm/doc/examples.md, with taints.
AL2023 = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="BOUNDARY"

--BOUNDARY
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: my-cluster
    apiServerEndpoint: https://example.com
    certificateAuthority: Y2VydGlmaWNhdGVBdXRob3JpdHk=
    cidr: 10.100.0.0/16
  kubelet:
    flags:
    - --node-labels=a=b
    - --register-with-taints=example.com/a=b:NoSchedule,example.com/c=:NoExecute

--BOUNDARY--
"""
# The same in two parts, as the examples have it, and with taints of the kubelet's configuration.
TWO_PARTS = AL2023.replace(
    "  kubelet:",
    """--BOUNDARY
Content-Type: application/node.eks.aws

spec:
  kubelet:
    config:
      registerWithTaints: [{key: example.com/d, effect: NoSchedule}]""",
)
# bottlerocket-os/bottlerocket, README and QUICKSTART-EKS.md, with taints.
BOTTLEROCKET = """[settings.kubernetes]
cluster-name = "my-cluster"
api-server = "https://example.com"
cluster-certificate = "Y2VydGlmaWNhdGVBdXRob3JpdHk="
[settings.kubernetes.node-taints]
"example.com/a" = ["b:NoSchedule"]
"example.com/c" = [":NoExecute"]
[settings.kubernetes.node-labels]
"a" = "b"
"""
# awsdocs/amazon-eks-user-guide, launch-templates.adoc (Windows AMI), with the arguments of its bootstrap script.
WINDOWS = r"""<powershell>
Write-Host "Running custom user data script"
& "$env:ProgramFiles\Amazon\EKS\Start-EKSBootstrap.ps1" -EKSClusterName "my-cluster" -APIServerEndpoint \
"https://example.com" -Base64ClusterCA "Y2VydGlmaWNhdGVBdXRob3JpdHk=" -ServiceCIDR "10.100.0.0/16" -KubeletExtraArgs \
"--node-labels=a=b --register-with-taints=example.com/a=b:NoSchedule,example.com/c=:NoExecute" 3>&1
</powershell>""".replace("\\\n", "")
TAINTS = (KubernetesTaint("example.com/a", "NoSchedule", "b"), KubernetesTaint("example.com/c", "NoExecute"))
LABELS = {"a": "b"}
KNOWN = ("my-cluster", "https://example.com", "Y2VydGlmaWNhdGVBdXRob3JpdHk=")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (AL2023, NodeConfig(*KNOWN, "10.100.0.0/16", TAINTS, LABELS)),
        (
            TWO_PARTS,
            NodeConfig(*KNOWN, "10.100.0.0/16", (KubernetesTaint("example.com/d", "NoSchedule"), *TAINTS), LABELS),
        ),
        (BOTTLEROCKET, NodeConfig(*KNOWN, None, TAINTS, LABELS)),
        (WINDOWS, NodeConfig(*KNOWN, "10.100.0.0/16", TAINTS, LABELS, windows=True)),
        (BOTTLEROCKET.partition("[settings.kubernetes.node-taints]")[0], NodeConfig(*KNOWN, None, ())),
    ],
)
def test_a_node_is_told_its_cluster(text: str, told: NodeConfig) -> None:
    assert parse(encoded(text)) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/bash\n/etc/eks/bootstrap.sh my-cluster\n",
        *(AL2023.replace(f"    {name}:", f"    other{name}:") for name in ("name", "apiServerEndpoint", "cidr")),
        AL2023.replace("certificateAuthority", "certificate"),
        AL2023.replace("application/node.eks.aws", "text/x-shellscript"),
        BOTTLEROCKET.replace("api-server", "apiserver"),
        WINDOWS.replace("-ServiceCIDR", "-Service"),
        WINDOWS.replace("& ", "# "),
        # https://github.com/bottlerocket-os/bottlerocket/issues/1897
        BOTTLEROCKET.replace('"example.com/c"', '"example.com/a"'),
    ],
)
def test_user_data_with_which_no_node_starts(text: str) -> None:
    with pytest.raises(UserDataError, match="cannot be read"):
        parse(encoded(text))


def test_user_data_travels_in_base64() -> None:
    with pytest.raises(UserDataError):
        parse(AL2023)


@pytest.mark.parametrize("name", ACTIONS)
def test_managed_policies_are_as_aws_has_them(name: str) -> None:
    """The documents that `moto` ships are those of `aws iam get-policy-version`."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    document = json.loads(aws_managed_policies_data)[name]["Document"]
    (statement,) = (each for each in document["Statement"] if "Condition" not in each)
    assert sorted(statement["Action"]) == sorted(ACTIONS[name])
    assert (statement["Effect"], statement["Resource"], "NotAction" in statement) == ("Allow", "*", False)


_OF_AL2023 = "eks/optimized-ami/1.36/amazon-linux-2023"


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        # karpenter-provider-aws v1.14.0, pkg/providers/amifamily/al2023.go:82-88, bottlerocket.go:49-52
        (f"{_OF_AL2023}/arm64/standard/recommended/image_id", True),
        (f"{_OF_AL2023}/x86_64/nvidia/amazon-eks-node-al2023-x86_64-nvidia-1.36-v20260714/image_id", True),
        (f"{_OF_AL2023}/x86_64/standard/amazon-eks-node-al2023-arm64-standard-1.36-v20260714/image_id", False),
        (f"{_OF_AL2023}/x86_64/recommended/image_id", False),
        ("bottlerocket/aws-k8s-1.36-nvidia/x86_64/1.66.0/image_id", True),
        ("bottlerocket/aws-k8s-1.36/arm64/latest/image_id", True),
        ("bottlerocket/aws-k8s-1.36/arm64/v1.66.0/image_id", False),
    ],
)
def test_images_have_public_parameters(name: str, is_known: bool) -> None:
    found = known(lambda _: None)(f"/aws/service/{name}")
    assert (found is not None) == is_known
