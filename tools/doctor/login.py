"""How the doctor comes to the credentials of each account."""

from __future__ import annotations

from typing import NamedTuple

import boto3

from blueprint.planning.document import Plan


class Login(NamedTuple):
    """The credentials that boto3 finds, a profile for each account, a role in each account, or both."""

    profile: str = ""
    """The name of a profile; `{account}`, `{cluster}` and `{region}` in it are those of the cluster."""
    role: str = ""
    """Name of a role, with its path, that these credentials may assume in the cluster's account."""

    def session(self, plan: Plan) -> boto3.Session:
        """Credentials for the plan's account. Raises botocore's errors; the one call it makes is sts:AssumeRole."""
        facts = plan.facts
        profile = self.profile.replace("{account}", facts.account).replace("{cluster}", facts.name)
        profile = profile.replace("{region}", facts.region)
        session = boto3.Session(region_name=facts.region, profile_name=profile or None)
        if not self.role:
            return session
        arn = f"arn:{session.get_partition_for_region(facts.region)}:iam::{facts.account}:role/{self.role}"
        given = session.client("sts").assume_role(RoleArn=arn, RoleSessionName="doctor")["Credentials"]
        return boto3.Session(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=facts.region
        )
