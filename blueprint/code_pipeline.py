"""What delivers a fleet from within AWS: a pipeline of CodePipeline in one account, which reaches all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated

from blueprint.errors import Problem
from blueprint.fields import UNIQUE, AccountId, BucketName, EmailAddress, Region, matches
from blueprint.pipelines import BRANCH
from blueprint.regions import partition_of
from blueprint.value import Value

ConnectionArn = Annotated[
    str,
    matches(
        # Both services: https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
        r"arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the ARN of a connection",
        'write "arn:aws:codeconnections:us-west-2:111111111111:connection/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]


class CodeConnections(Value):
    """A repository of GitHub, GitLab or Bitbucket, by a connection that somebody has made and confirmed."""

    connection: ConnectionArn
    """ARN of the connection."""
    repository: Annotated[
        str,
        matches(r"[\w.-]+(/[\w.-]+)+", "must be owner/name of a repository", 'write for example "example/clusters"'),
    ]
    """For example "example/clusters"."""
    branch: Annotated[str, BRANCH] = field(default="main", kw_only=True)
    """The protected branch that is deployed."""


class CodeCommit(Value):
    """A repository of CodeCommit in the account and region of the pipeline."""

    repository: Annotated[
        str,
        # https://docs.aws.amazon.com/codecommit/latest/APIReference/API_RepositoryMetadata.html
        matches(r"(?!.*\.git\Z)[\w.-]{1,100}", "must be the name of a repository", 'write for example "clusters"'),
    ]
    """Its name."""
    branch: Annotated[str, BRANCH] = field(default="main", kw_only=True)
    """The branch that is deployed: whoever may push to it decides what is."""


class S3Archive(Value):
    """A ZIP archive of the project in a versioned bucket, in the account and region of the pipeline.

    The bucket has to send its events to EventBridge. An archive has no earlier commit, so there is no review, and the
    guard does not run.
    """

    bucket: BucketName
    """Its name."""
    key: Annotated[
        str,
        matches(r"[\w.!'()/-]+\.zip", "must be the key of a ZIP archive", 'write for example "clusters.zip"'),
    ] = "clusters.zip"
    """Of the archive."""


class CodePipeline(Value):
    """A pipeline of AWS, which updates itself; `make code-pipeline` writes it.

    Each account and region of a cluster has to be bootstrapped for the CDK with `--trust` of the pipeline's account,
    which `make code-pipeline` prints as commands.
    """

    account: AccountId
    """In which it is made, and which all others trust: best one that has nothing else."""
    region: Region
    """In which it is made."""
    source: CodeConnections | CodeCommit | S3Archive
    """What starts it, and is deployed."""
    emails: Annotated[tuple[EmailAddress, ...], UNIQUE] = ()
    """Who is told by its SNS topic that it fails, ends, or waits for an approval; each confirms by a link."""

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.source, CodeConnections):
            partition, own = self.source.connection.split(":")[1], partition_of(self.region)
            if partition != own:
                rule = f"the connection is in {partition}, and the pipeline in {own}"
                yield Problem(("source", "connection"), self.source.connection, rule, f"make one in {own}")
