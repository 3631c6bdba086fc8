# Who may do what in the cluster: AWS::EKS::AccessEntry and AWS::EKS::PodIdentityAssociation.
package eks_blueprints

import rego.v1

node_entry_types := {"EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX"}

# Source: EKS API, CreateAccessEntry (type); EKS user guide, Create access entries.
violation contains finding(
	"EKS-NODE-ENTRY-GRANTS", name, "Properties.Type",
	sprintf("An access entry of type %s has %s, which EKS refuses: the type is all the grant", [entry.Type, grant]),
	"Remove it, or use type STANDARD for people and pipelines",
) if {
	some name, entry in access_entries
	entry.Type in node_entry_types
	some grant in ["AccessPolicies", "KubernetesGroups"]
	count(entry[grant]) > 0
	not auto_mode_nodes(entry, grant)
}

# The exception: nodes of a custom Auto Mode NodeClass need this one policy.
# Source: EKS user guide, Create a node class for Amazon EKS.
auto_mode_nodes(entry, "AccessPolicies") if {
	entry.Type == "EC2"
	every policy in entry.AccessPolicies {
		endswith(text(policy.PolicyArn), "/AmazonEKSAutoNodePolicy")
	}
}

# EKS accepts patterns such as team-*, which also match namespaces made later by someone else.
# Source: EKS API, AccessScope; EKS Best Practices, Tenant Isolation.
violation contains finding(
	"EKS-NAMESPACE-SCOPE", name, sprintf("Properties.AccessPolicies.%d.AccessScope.Namespaces", [index]),
	"An access policy scoped to namespaces does not name them",
	"List the namespaces one by one, without *, or state that it holds for the whole cluster with Type cluster",
) if {
	some name, entry in access_entries
	some index, policy in entry.AccessPolicies
	policy.AccessScope.Type == "namespace"
	not names_namespaces(policy.AccessScope)
}

names_namespaces(scope) if {
	count(scope.Namespaces) > 0
	every namespace in scope.Namespaces {
		not contains(namespace, "*")
	}
}

reserved_prefixes := ["system:", "eks:", "aws:", "amazon:", "iam:"]

# system:masters is the one people reach for: it passes every authorization check and cannot be taken away by RBAC.
# Source: EKS user guide, Create access entries; EKS Best Practices, Identity and Access Management.
violation contains finding(
	"EKS-RESERVED-GROUP", name, "Properties",
	sprintf("%s \"%v\" starts with a prefix reserved for Kubernetes and EKS", [field, value]),
	"Use a name of your own and bind it with a RoleBinding, or associate an access policy",
) if {
	some name, entry in access_entries
	some field in ["KubernetesGroups", "Username"]
	some value in ensure_list(entry[field])
	strings.any_prefix_match(value, reserved_prefixes)
}

# Its id is assigned by EKS, so CloudFormation and the built-in check for duplicates (E3019) see two resources.
# Source: EKS API, CreatePodIdentityAssociation: one association per service account.
violation contains finding(
	"EKS-POD-IDENTITY-DUPLICATE", name, "Properties.ServiceAccount",
	sprintf("Service account %v of namespace %v already has a role, by %s", [this.ServiceAccount, this.Namespace, other]),
	"Keep one association and give its role all the permissions",
) if {
	associations := properties_of("AWS::EKS::PodIdentityAssociation")
	some name, this in associations
	some other, that in associations
	other < name
	every field in ["ClusterName", "Namespace", "ServiceAccount"] {
		this[field] == that[field]
	}
}
