"""The images that nodes start from, which AWS names in public parameters of SSM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from blueprint.images import ami_architecture, family, parameter, windows_parameter
from blueprint.instances import Accelerator
from blueprint.planning.document import NodeGroup, Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of
from tools.doctor.finding import Finding, ok, problem
from tools.doctor.lookups import code_of

NAME = "images"


def parameters(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether the region has the releases that the plan pins: images of a new release come to regions one by one."""
    wanted = wanted_by(plan)
    absent = [name for name in wanted if not _exists(name, aws)]
    for name in absent:
        what = f"{wanted[name]}: {aws.region} has no image at {name}"
        why = "EKS or CloudFormation refuses the group, or Karpenter finds no image"
        folder = name.rpartition("/")[0].rpartition("/")[0]
        fix = f"take another release: aws ssm get-parameters-by-path --recursive --path {folder}"
        yield problem(NAME, what, why, fix)
    if wanted and not absent:
        yield ok(NAME, f"{len(wanted)} pinned images of nodes exist in {aws.region}")


def wanted_by(plan: Plan) -> Mapping[str, str]:
    """Whose image stands at each parameter: those of groups, and those that node classes of Karpenter name."""
    wanted: dict[str, str] = {}
    for group in groups_of(plan):
        if not group.launch.image_id:
            wanted.setdefault(_of_group(group), group.name)
    for part in plan.parts:
        for one in part.contribution.objects:
            if one.get("kind") == "EC2NodeClass" and str(one.get("apiVersion")).startswith("karpenter."):
                for term in one["spec"]["amiSelectorTerms"]:
                    kind, _, release = term.get("alias", "").partition("@v")
                    if kind == "al2023" and release.isdigit():
                        version = plan.facts.version
                        for cpu in sorted(plan.facts.architectures):
                            name = parameter("AL2023", version, cpu, None, f"{version}-{release}")
                            wanted.setdefault(name, part.name)
    return wanted


def _of_group(group: NodeGroup) -> str:
    """The parameter of a managed group is the one that its AMI type stands for."""
    if group.launch.image_parameter:
        return group.launch.image_parameter
    if group.windows:
        return windows_parameter(group.image, group.version)
    chips: Accelerator | None = "nvidia" if "NVIDIA" in group.image else "neuron" if "NEURON" in group.image else None
    name = parameter(family(group.image), group.version, ami_architecture(group.image), chips, group.release)
    # https://github.com/bottlerocket-os/bottlerocket/tree/v1.50.0/variants ; eksctl pkg/ami/ssm_resolver.go:88
    variant = name.split("/")[4]
    return name.replace(f"/{variant}/", f"/{variant}-fips/") if "FIPS" in group.image else name


def _exists(name: str, aws: Aws) -> bool:
    try:
        return bool(aws.ssm.get_parameter(Name=name)["Parameter"])
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return False
