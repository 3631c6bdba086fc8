"""Argo CD, ACK and kro as EKS Capabilities; charts and objects from Git, by that Argo CD."""

from __future__ import annotations

from dataclasses import replace

from addons.ack_capability import AckCapability
from addons.argo_cd.bootstrap import Bootstrap
from addons.argo_cd_capability import ArgoCdCapability
from addons.argo_cd_capability.access import IdentityCenterGroup, IdentityCenterUser
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.kro_capability import ApiResources, KroCapability
from blueprint import ArgoCdDelivery
from blueprint.iam import Statement
from blueprint.repositories import AwsRole, PrivateRepository
from blueprint.teams import GitWorkload
from examples.managed import MANAGED
from examples.shared import PAYMENTS, PLATFORM

_ACK = AckCapability(
    disabled_services=("iam", "eks"),
    cross_namespace=False,
    reads_secrets_in=("payments",),
    permissions=(
        Statement(
            (
                *("sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:ListQueueTags"),
                *("sqs:SetQueueAttributes", "sqs:TagQueue", "sqs:UntagQueue"),
            ),
            ("arn:aws:sqs:us-west-2:111111111111:payments-*",),
            reason="queues that the team makes, by names of its own",
        ),
    ),
)

_APPLICATION = GitWorkload(
    "payments", "https://github.com/example/payments", "deploy", namespace="payments", values={"replicas": 2}
)

CAPABILITIES = replace(
    MANAGED,
    name="capabilities",
    addons=(
        *CORE,
        CertManager(),
        ArgoCdCapability(
            identity_center="arn:aws:sso:::instance/ssoins-0123456789abcdef",
            identity_center_region="us-east-1",
            admins=(IdentityCenterGroup("0123456789-01234567-89ab-cdef-0123-456789abcdef"),),
            editors=(IdentityCenterUser("11111111-2222-3333-4444-555555555555"),),
            viewers=(IdentityCenterGroup("66666666-7777-8888-9999-000000000000"),),
            endpoint_prefix="platform",
            vpc_endpoints=("vpce-0123456789abcdef0",),
            private_repositories=(
                PrivateRepository(
                    "https://codeconnections.us-west-2.amazonaws.com/git-http/111111111111/us-west-2"
                    "/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f/example/",
                    AwsRole(),
                ),
            ),
            bootstrap=Bootstrap(
                "https://github.com/example/applications", "clusters/capabilities", values={"environment": "dev"}
            ),
        ),
        _ACK,
        KroCapability(
            makes=(ApiResources("apps", ("deployments",)), ApiResources("sqs.services.k8s.aws", ("queues",)))
        ),
    ),
    teams=(PLATFORM, replace(PAYMENTS, workloads=(_APPLICATION,))),
    delivery=ArgoCdDelivery(repository="https://github.com/example/platform", folder="gitops"),
)
