"""A hosted zone of Route 53 that is made for a cluster."""

from __future__ import annotations

from dataclasses import field

from blueprint.fields import DnsName
from blueprint.references import hosted_zone_id
from blueprint.value import Value


class NewHostedZone(Value):
    """A hosted zone that is made with the cluster, and kept when it goes, since names lead to it. With another domain,
    or private in the place of public, it is another zone, and this one stays.

    Add-ons get it by its `id`, as they get one that is there already: `ExternalDns(zones=(APPS.id,))`. Two of a domain,
    one public and one private, answer each side with its own records (split-horizon DNS).
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html
    """

    domain: DnsName
    """The domain that it holds, for example "apps.example.com"."""
    private: bool = field(default=False, kw_only=True)
    """Whether it answers in the cluster's VPC alone. A public one answers the internet once its parent domain names its
    name servers, which the cluster stack tells (output NameServers…)."""

    @property
    def id(self) -> str:
        """What stands for its id until AWS gives it one in the deploy."""
        return hosted_zone_id(self.domain, private=self.private)
