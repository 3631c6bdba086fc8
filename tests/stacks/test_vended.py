"""Logs of the controllers of Auto Mode: https://docs.aws.amazon.com/eks/latest/userguide/auto-managed-component-logs.html"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from blueprint import AutoMode, plan
from blueprint.oidc import OidcProvider
from examples.auto import AUTO
from tests.templates import Templates, by_stack, of_type
from tools.assembly import read, text
from tools.synthesis import synthesize

TYPES = {
    *("AUTO_MODE_BLOCK_STORAGE_LOGS", "AUTO_MODE_COMPUTE_LOGS", "AUTO_MODE_IPAM_LOGS", "AUTO_MODE_LOAD_BALANCING_LOGS"),
}
"""Of EKS Auto Mode: AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html (logType)"""


def before(resources: dict[str, Any], id: str) -> set[str]:
    """All that CloudFormation makes before a resource."""
    found: set[str] = set()
    queue = [id]
    while queue:
        resource = resources[queue.pop()]
        named = [*resource.get("DependsOn", ())]
        named += [other for other in resources if f"'{other}'" in str(resource.get("Properties"))]
        queue += [other for other in named if other not in found]
        found.update(named)
    return found


def test_one_type_comes_after_the_other(fleet: Templates) -> None:
    """Each is an update of the cluster (VendedLogsUpdate: eks/latest/APIReference/API_Update.html), of which EKS takes
    one at a time.
    """
    template = fleet["auto-pools", "cluster"]
    sources = of_type(template, "AWS::Logs::DeliverySource")
    assert {each["Properties"]["LogType"] for each in sources.values()} == TYPES
    deliveries = of_type(template, "AWS::Logs::Delivery")
    assert len(deliveries) == len(TYPES)
    earlier = {id: before(template["Resources"], id) for id in sources}
    assert sorted(len(each & sources.keys()) for each in earlier.values()) == [0, 1, 2, 3]
    assert sorted(len(each & deliveries.keys()) for each in earlier.values()) == [0, 1, 2, 3]
    assert all("Cluster" in each for each in earlier.values())


def test_they_come_into_one_group_that_is_kept(fleet: Templates) -> None:
    template = fleet["auto-pools", "cluster"]
    (destination,) = of_type(template, "AWS::Logs::DeliveryDestination").items()
    name = "/aws/vendedlogs/eks/auto-pools/auto-mode"
    (group,) = (
        each for each in of_type(template, "AWS::Logs::LogGroup").values() if each["Properties"]["LogGroupName"] == name
    )
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["Properties"]["KmsKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert text(destination[1]["Properties"]["DestinationResourceArn"]).endswith(f":111111111111:log-group:{name}")
    for each in of_type(template, "AWS::Logs::Delivery").values():
        assert each["Properties"]["DeliveryDestinationArn"] == {"Fn::GetAtt": [destination[0], "Arn"]}


def test_nothing_comes_unasked(fleet: Templates) -> None:
    assert [key for key, template in fleet.items() if of_type(template, "AWS::Logs::DeliverySource")] == [
        ("auto-pools", "cluster")
    ]


def test_of_the_longest_name_and_after_identity_providers(tmp_path: Path) -> None:
    longest = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::Logs::DeliverySource").schema
    limit = longest["properties"]["Name"]["maxLength"]
    provider = OidcProvider("login", issuer_url="https://login.example.com", client_id="kubernetes")
    cluster = replace(AUTO.cluster, identity_providers=(provider,))
    names = ("a" * 40, "a" * 39)
    made = [
        plan(replace(AUTO, name=name, cluster=cluster, compute=(AutoMode(logs=("compute", "load-balancing")),)))
        for name in names
    ]
    synthesize(made, tmp_path, validate=False)
    templates = by_stack(read(tmp_path))
    found: list[str] = []
    for name in names:
        template = templates[name, "cluster"]
        for id, each in of_type(template, "AWS::Logs::DeliverySource").items():
            found.append(each["Properties"]["Name"])
            providers = of_type(template, "AWS::EKS::IdentityProviderConfig")
            assert providers
            assert providers.keys() <= before(template["Resources"], id)
    assert len({*found}) == 4
    assert max(map(len, found)) <= limit
