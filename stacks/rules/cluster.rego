# The control plane: AWS::EKS::Cluster and the KMS key it encrypts secrets with.
package eks_blueprints

import rego.v1

# EKS leaves the endpoint public when the property is absent, and open to everyone when the list is.
# Source: CIS EKS 1.8 5.4.1 and 5.4.2; EKS Best Practices, Identity and Access Management; Security Hub EKS.1.
violation contains finding(
	"EKS-ENDPOINT-OPEN", name, "Properties.ResourcesVpcConfig.PublicAccessCidrs",
	"The Kubernetes API endpoint can be reached from the whole internet",
	"Set EndpointPublicAccess to false, or list the networks that need it in PublicAccessCidrs",
) if {
	some name, cluster in clusters
	not is_false(cluster.ResourcesVpcConfig.EndpointPublicAccess)
	open_to_everyone(cluster.ResourcesVpcConfig)
}

open_to_everyone(config) if count(object.get(config, "PublicAccessCidrs", [])) == 0

open_to_everyone(config) if {
	some cidr in config.PublicAccessCidrs
	endswith(cidr, "/0")
}

# EKS refuses this, but only after everything before the cluster has been deployed.
# Source: EKS API, VpcConfigRequest: public and private access cannot both be off.
violation contains finding(
	"EKS-ENDPOINT-NONE", name, "Properties.ResourcesVpcConfig",
	"The Kubernetes API has neither a private nor a public endpoint, so nothing can reach it",
	"Set EndpointPrivateAccess to true",
) if {
	some name, cluster in clusters
	is_false(cluster.ResourcesVpcConfig.EndpointPublicAccess)
	not is_true(cluster.ResourcesVpcConfig.EndpointPrivateAccess)
}

log_types := {"api", "audit", "authenticator", "controllerManager", "scheduler"}

# Source: CIS EKS 1.8 2.1.1 (asks for all five, not for audit alone); EKS Best Practices, Detective Controls.
violation contains finding(
	"EKS-CONTROL-PLANE-LOGS", name, "Properties.Logging.ClusterLogging.EnabledTypes",
	sprintf("The control plane does not log %s", [concat(", ", sort(missing))]),
	"Enable all five log types: an incident is read from them afterwards or not at all",
) if {
	some name, cluster in clusters
	missing := log_types - {enabled.Type | some enabled in cluster.Logging.ClusterLogging.EnabledTypes}
	count(missing) > 0
}

# Turning encryption on later replaces the cluster, so it belongs into its first release.
# Source: CIS EKS 1.8 5.3.1; EKS Best Practices, Data Encryption and Secrets Management.
violation contains finding(
	"EKS-SECRETS-ENCRYPTION", name, "Properties.EncryptionConfig",
	"Kubernetes secrets are not encrypted with a KMS key of this account",
	"Give EncryptionConfig one entry with the key's ARN and Resources exactly [\"secrets\"]; EKS knows no other value",
) if {
	some name, cluster in clusters
	not encrypts_secrets(cluster)
}

encrypts_secrets(cluster) if {
	count(cluster.EncryptionConfig) == 1
	some config in cluster.EncryptionConfig
	config.Provider.KeyArn
	config.Resources == ["secrets"]
}

# A key of another stack is out of sight here: the engine reads one template at a time.
secrets_keys contains key if {
	some cluster in clusters
	some config in cluster.EncryptionConfig
	key := config.Provider.KeyArn.__ref
	input.resources[key].resourceType == "AWS::KMS::Key"
}

# Source: EKS Best Practices, Data Encryption (rotate your CMKs periodically); CIS AWS Foundations, KMS rotation.
violation contains finding(
	"EKS-SECRETS-KEY-ROTATION", key, "Properties.EnableKeyRotation",
	"The key that encrypts Kubernetes secrets is never rotated",
	"Set EnableKeyRotation to true",
) if {
	some key in secrets_keys
	not is_true(input.resources[key].properties.EnableKeyRotation)
}

# Without its key a cluster cannot read its secrets any more, and EKS cannot move it to another key.
# Source: EKS user guide, Encrypt Kubernetes secrets with KMS (a deleted key cannot be recovered from).
violation contains finding(
	"EKS-SECRETS-KEY-RETAIN", key, "",
	"The key that encrypts Kubernetes secrets is deleted with its stack, which loses the secrets for good",
	"Set DeletionPolicy and UpdateReplacePolicy to Retain",
) if {
	some key in secrets_keys
	some policy in ["deletionPolicy", "updateReplacePolicy"]
	not input.resources[key][policy] in {"Retain", "RetainExceptOnCreate"}
}

# Source: CIS EKS 1.8 4.1.7; EKS Best Practices, Identity and Access Management (cluster access management).
violation contains finding(
	"EKS-AUTHENTICATION-MODE", name, "Properties.AccessConfig.AuthenticationMode",
	"Access is not decided by access entries alone: whoever can edit the aws-auth ConfigMap can become an administrator",
	"Set AuthenticationMode to API",
) if {
	some name, cluster in clusters
	not cluster.AccessConfig.AuthenticationMode == "API"
}

# The default is true, and changing it later replaces the cluster.
# Source: EKS Best Practices, Identity and Access Management (the cluster creator); CIS EKS 1.8 4.1.1.
violation contains finding(
	"EKS-CREATOR-ADMIN", name, "Properties.AccessConfig.BootstrapClusterCreatorAdminPermissions",
	"The identity that deploys the cluster stays its administrator, and no access entry in this template shows it",
	"Set BootstrapClusterCreatorAdminPermissions to false and name the administrators in access entries",
) if {
	some name, cluster in clusters
	not is_false(cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions)
}

# The default is true, and changing it later replaces the cluster.
# Source: EKS user guide, Amazon EKS add-ons (self-managed add-ons are neither versioned nor updated by EKS).
violation contains finding(
	"EKS-SELF-MANAGED-ADDONS", name, "Properties.BootstrapSelfManagedAddons",
	"EKS installs the CNI, kube-proxy and CoreDNS in versions no template names and no update reaches",
	"Set BootstrapSelfManagedAddons to false and declare them as AWS::EKS::Addon",
) if {
	some name, cluster in clusters
	not is_false(cluster.BootstrapSelfManagedAddons)
}

# Either answer is fine; the default, extended support, multiplies the price of the control plane unasked.
# Source: EKS Best Practices, Cluster Upgrades; EKS user guide, Kubernetes version lifecycle.
violation contains finding(
	"EKS-SUPPORT-TYPE", name, "Properties.UpgradePolicy.SupportType",
	"Nothing says what happens when standard support of the Kubernetes version ends",
	"Set UpgradePolicy.SupportType to STANDARD (EKS upgrades the cluster) or EXTENDED (the cluster stays and costs more)",
) if {
	some name, cluster in clusters
	not cluster.UpgradePolicy.SupportType
}

auto_mode_parts := {
	"ComputeConfig.Enabled",
	"StorageConfig.BlockStorage.Enabled",
	"KubernetesNetworkConfig.ElasticLoadBalancing.Enabled",
}

# Source: EKS API, CreateCluster: compute, block storage and load balancing are turned on together or not at all.
violation contains finding(
	"EKS-AUTO-MODE-PARTS", name, "Properties",
	sprintf("EKS Auto Mode is half on: of its three parts only %s", [concat(" and ", sort(on))]),
	sprintf("Set %s to the same value", [concat(", ", sort(auto_mode_parts))]),
) if {
	some name, cluster in clusters
	on := {part | some part in auto_mode_parts; is_true(object.get(cluster, split(part, "."), false))}
	count(on) in {1, 2}
}

# Source: EKS API, VpcConfigRequest: subnets in at least two zones; EKS Best Practices, Reliability.
violation contains finding(
	"EKS-CLUSTER-SUBNETS", name, "Properties.ResourcesVpcConfig.SubnetIds",
	"The control plane has fewer than two subnets",
	"List subnets of at least two availability zones",
) if {
	some name, cluster in clusters
	subnets := cluster.ResourcesVpcConfig.SubnetIds
	is_array(subnets)
	count({subnet | some subnet in subnets}) < 2
}
