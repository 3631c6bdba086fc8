"""ARNs as a person reads them: without what goes without saying."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Partition, service, region and account: names, wildcards or CloudFormation's own parameters.
_ARN = re.compile(
    r"\barn:(?:aws[\w-]*|\*|\$\{AWS::Partition\}):([\w-]+):(\$\{AWS::Region\}|[^:\s]*):(\$\{AWS::AccountId\}|[^:\s]*):"
)

_NAMES_CLUSTER = r"\b((?:cluster|fargateprofile|access-entry|nodegroup|instance-profile)/)"


def shortened(text: str, *, region: str, account: str, own_region: str = "") -> str:
    """The text with its ARNs without `arn:<partition>:`, and without region and account where these are these or none.

    Where only the account is another, `own_region` stands for the region, if there is such a word.
    """

    def without(match: re.Match[str]) -> str:
        service, of_region, of_account = match.groups()
        own = of_region in (region, "${AWS::Region}")
        if (own or not of_region) and of_account in ("", account, "${AWS::AccountId}"):
            return f"{service}:"
        return f"{service}:{(own and own_region) or of_region}:{of_account}:"

    return _ARN.sub(without, text)


# `${Key961B73FD.Arn}`, `${Role}`, `${dev-network:ExportsOutputRefVpc8378EB38272D6E3A}`. What IAM itself puts in has
# another form, as ${aws:PrincipalTag/team}.
_PARAMETER = re.compile(r"\$\{AWS::(\w+)\}")
_IMPORTED = re.compile(r"\$\{([\w-]+):ExportsOutput(?:Ref|FnGetAtt)(\w+?)(?:[0-9A-F]{8}(\w*?))?[0-9A-F]{8}\}")
_OF_ANOTHER = re.compile(r"\$\{(\w+?)(?:[0-9A-F]{8})?(?:\.(\w+))?\}")
# One of the parts of a text: an issuer without its https://.
_PART = re.compile(r"\$\{\d+\.\$\{\W*\.(\$\{[^{}]*\}|[^{}]*)\}\}")
_PARAMETERS = {"URLSuffix": "URL suffix", "AccountId": "account", "Region": "region", "Partition": "partition"}


def worded(text: str) -> str:
    """The text with words for what CloudFormation puts in: `<Arn of FlowLogs>`, `<Vpc of dev-network>`."""

    def imported(found: re.Match[str]) -> str:
        stack, name, attribute = found.groups()
        return f"<{attribute} of {name} of {stack}>" if attribute else f"<{name} of {stack}>"

    text = _PARAMETER.sub(lambda found: f"<{_PARAMETERS.get(found[1], found[1])}>", _PART.sub(r"\1", text))
    text = _IMPORTED.sub(imported, text)
    return _OF_ANOTHER.sub(lambda found: f"<{found[2]} of {found[1]}>" if found[2] else f"<{found[1]}>", text)


def principal(short: str) -> str:
    """`role/BreakGlass` of a shortened ARN, and the account where it is another one."""
    match short.split(":"):
        case ["iam", name]:
            return name
        case ["iam", "", account, name]:
            return f"{name} of account {account}"
    return short


@dataclass(frozen=True)
class ClusterPlace:
    """Where a cluster is. What is the cluster's own is left out of a text, so that clusters can be compared."""

    cluster: str
    account: str
    region: str

    def short(self, text: str) -> str:
        """Without `arn:<partition>:`, and without region and account where these are the cluster's or none.

        The cluster's own region is `<region>` where another account's, or any, follows; its name is `<cluster>` where
        an ARN or a tag says that a cluster's name follows.
        """
        text = shortened(text, region=self.region, account=self.account, own_region="<region>")
        return re.sub(rf"{_NAMES_CLUSTER}{re.escape(self.cluster)}(?![a-z0-9-])", r"\1<cluster>", text)
