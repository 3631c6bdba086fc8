"""Where Flux takes a folder from that is not in Git, by a role of its source-controller: nobody keeps a token.

https://fluxcd.io/flux/components/source/ocirepositories/ and /buckets/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from blueprint.errors import Problem, Quoted
from blueprint.fields import BucketName, Region, matches
from blueprint.iam import Statement
from blueprint.references import PARTITION
from blueprint.value import Value

_ECR = re.compile(r"oci://(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com(\.cn)?/(?P<name>.+)")

_A_DIGEST = f'write for example "sha256:{"0a" * 32}"'


class OciArtifact(Value):
    """What `flux push artifact` puts into a registry: the whole repository, or what it has of the folder."""

    url: Annotated[
        str,
        matches(
            r"oci://[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+",
            "must be the address of an artifact, without its tag",
            'write for example "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/platform"',
        ),
    ]
    """Of Amazon ECR, source-controller gets a role that pulls this repository. Another registry must let anybody in, or
    those whom `FluxDelivery.credentials` has."""
    tag: Annotated[str, matches(r"\w[\w.-]{0,127}", "must be a tag", 'write for example "stable"')] | None = None
    """Which it follows."""
    semver: (
        Annotated[str, matches(r"[\w .*<>=~^|,-]+", "must be a range of versions", 'write for example ">=1.0.0"')]
        | None
    ) = None
    """The newest of this range, of tags that are versions."""
    digest: Annotated[str, matches(r"sha256:[0-9a-f]{64}", "must be a digest", _A_DIGEST)] | None = None
    """This one and no other."""

    def problems(self) -> Iterator[Problem]:
        given = [name for name in ("tag", "semver", "digest") if getattr(self, name)]
        if len(given) != 1:
            rule = "one of tag, semver and digest says which artifact it is"
            value = getattr(self, given[-1]) if given else Quoted("<missing>")
            fix = f"leave out {' and '.join(given[:-1])}, or this" if given else 'write for example tag="stable"'
            yield Problem((given[-1] if given else "tag",), value, rule, fix)

    @property
    def kind(self) -> str:
        """Flux's."""
        return "OCIRepository"

    @property
    def address(self) -> str:
        """For who reads of it."""
        return self.url

    def spec(self, region: str) -> Mapping[str, Any]:
        """Of the object."""
        names = ("tag", "semver", "digest")
        reference = {name: getattr(self, name) for name in names if getattr(self, name)}
        provider = {"provider": "aws"} if _ECR.match(self.url) else {}
        return {"interval": "1m", "url": self.url, "ref": reference, **provider}

    def permissions(self) -> tuple[Statement, ...]:
        """What pulls it: cmd of go-containerregistry asks for manifests, blobs, and for a range for all tags."""
        if not (found := _ECR.match(self.url)):
            return ()
        repository = f"arn:{PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
        reads = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", *(("ecr:ListImages",) if self.semver else ()))
        return (
            Statement(("ecr:GetAuthorizationToken",), ("*",), reason="it takes no resource"),
            Statement(reads, (repository,)),
        )

    @property
    def services(self) -> tuple[str, ...]:
        """Of AWS, that are called for it."""
        return ("ecr.api", "ecr.dkr", "s3") if _ECR.match(self.url) else ()


class S3Folder(Value):
    """A bucket of Amazon S3 with what the repository has of the folder; source-controller gets a role that reads it."""

    bucket: BucketName
    """Its name."""
    region: Region | None = None
    """Where it is; the cluster's region when None."""

    @property
    def kind(self) -> str:
        """Flux's."""
        return "Bucket"

    @property
    def address(self) -> str:
        """For who reads of it."""
        return f"s3://{self.bucket}"

    def spec(self, region: str) -> Mapping[str, Any]:
        """Of the object."""
        there = self.region or region
        suffix = ".cn" if there.startswith("cn-") else ""
        return {
            "interval": "1m",
            "provider": "aws",
            "bucketName": self.bucket,
            "endpoint": f"s3.{there}.amazonaws.com{suffix}",
            "region": there,
        }

    def permissions(self) -> tuple[Statement, ...]:
        """source-controller internal/bucket/minio/minio.go (BucketExists, ListObjects, FGetObject)"""
        bucket = f"arn:{PARTITION}:s3:::{self.bucket}"
        why = "all of the bucket is what Flux applies"
        return (
            Statement(("s3:ListBucket",), (bucket,)),
            Statement(("s3:GetObject",), (f"{bucket}/*",), reason=why),
        )

    @property
    def services(self) -> tuple[str, ...]:
        """Of AWS, that are called for it."""
        return ("s3",)
