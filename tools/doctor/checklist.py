"""Every check, in the order of the report."""

from __future__ import annotations

from tools.doctor.checks import (
    account,
    capacity,
    dns,
    encryption,
    functions,
    identities,
    network,
    permissions,
    quotas,
    reach,
    vcpus,
    versions,
)
from tools.doctor.runner import Check

CHECKS = (
    Check(account.NAME, account.identity),
    Check(account.NAME, account.bootstrap),
    Check(account.NAME, account.stack_states),
    Check(account.NAME, account.leftovers),
    Check(permissions.NAME, permissions.assumption),
    *permissions.EXECUTION,
    Check(identities.NAME, identities.people),
    Check(identities.NAME, identities.boundaries),
    Check(identities.NAME, identities.service_linked_roles),
    Check(quotas.NAME, quotas.networks),
    Check(quotas.NAME, quotas.egress),
    Check(quotas.NAME, quotas.clusters),
    Check(quotas.NAME, quotas.identity_providers),
    Check(quotas.NAME, functions.concurrency),
    Check(quotas.NAME, vcpus.vcpus),
    Check(capacity.NAME, capacity.zones),
    Check(capacity.NAME, capacity.instance_types),
    Check(versions.NAME, versions.kubernetes),
    Check(versions.NAME, versions.addons),
    Check(versions.NAME, versions.upgrade),
    Check(encryption.NAME, encryption.default_key),
    Check(network.NAME, network.endpoints),
    Check(network.NAME, network.existing),
    Check(dns.NAME, dns.hosted_zones),
    Check(reach.NAME, reach.kubernetes_api),
)
