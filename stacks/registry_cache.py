"""What Amazon ECR caches: a stack for each account and region. `make registry-cache`, then `cdk deploy`."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Environment, Stack, Stage, aws_ecr
from constructs import Construct

from blueprint.planning.registry_cache import RegistryCache


class RegistryCacheStage(Stage):
    """All of them; `cdk deploy --app registry-cache 'registry-cache/111111111111-us-west-2'` is one."""

    def __init__(self, scope: Construct, caches: Sequence[RegistryCache]) -> None:
        super().__init__(scope, "registry-cache")
        for cache in caches:
            RegistryCacheStack(self, cache)


class RegistryCacheStack(Stack):
    """A rule for each registry, and how ECR makes repositories of it; these stay when the stack goes."""

    def __init__(self, scope: Construct, cache: RegistryCache) -> None:
        super().__init__(
            scope,
            cache.name,
            env=Environment(account=cache.account, region=cache.region),
            description="Registries that Amazon ECR caches for EKS clusters",
        )
        for each in cache.caches:
            below = Construct(self, each.prefix)
            # The template comes first, and says what a registry's own, for the prefix ROOT, may say otherwise.
            template = aws_ecr.CfnRepositoryCreationTemplate(
                below,
                "Repositories",
                prefix=each.prefix,
                applied_for=["PULL_THROUGH_CACHE"],
                description=f"Images of {each.registry}",
                # ECR moves tags when the publisher does.
                image_tag_mutability="MUTABLE",
                encryption_configuration=aws_ecr.CfnRepositoryCreationTemplate.EncryptionConfigurationProperty(
                    encryption_type="AES256"
                ),
            )
            rule = aws_ecr.CfnPullThroughCacheRule(
                below,
                "Rule",
                ecr_repository_prefix=each.prefix,
                upstream_registry=each.upstream.name,
                upstream_registry_url=each.upstream.url,
                credential_arn=each.secret,
            )
            rule.add_resource_dependency(template)
