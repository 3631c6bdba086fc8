# Managed node groups and the role of nodes.
package eks_blueprints

import rego.v1

launch_template(group) := launch_templates[group.LaunchTemplate.Id.__ref].LaunchTemplateData

# A group with an image of its own takes version and AMI type from it; EKS refuses both properties.
# Source: EKS user guide, Customize managed nodes with launch templates (specifying an AMI).
own_image(group) if group.AmiType == "CUSTOM"

own_image(group) if launch_template(group).ImageId

# Without a version nodes stay where they were created and a cluster upgrade leaves them behind.
# Source: EKS Best Practices, Cluster Upgrades (upgrade the data plane with the control plane).
violation contains finding(
	"EKS-NODE-VERSION", name, "Properties.Version",
	"The nodes do not follow the cluster's Kubernetes version",
	"Set Version to the cluster's version, or pin the AMI with ReleaseVersion",
) if {
	some name, group in node_groups
	not group.Version
	not group.ReleaseVersion
	not own_image(group)
}

# Source: EKS Best Practices, Infrastructure Security (an operating system optimized for containers, chosen on purpose).
violation contains finding(
	"EKS-NODE-AMI-TYPE", name, "Properties.AmiType",
	"EKS picks the operating system of the nodes, and changing it later replaces the group",
	"Set AmiType, such as AL2023_ARM_64_STANDARD or BOTTLEROCKET_x86_64",
) if {
	some name, group in node_groups
	not group.AmiType
	not own_image(group)
}

# Source: EKS API, CreateNodegroup (diskSize).
violation contains finding(
	"EKS-NODE-DISK-SIZE", name, "Properties.DiskSize",
	"DiskSize and LaunchTemplate exclude each other",
	"Set the size in BlockDeviceMappings of the launch template",
) if {
	some name, group in node_groups
	group.DiskSize
	group.LaunchTemplate
}

# Source: EKS API, NodegroupScalingConfig.
violation contains finding(
	"EKS-NODE-SCALING", name, "Properties.ScalingConfig",
	sprintf("%s %v is greater than %s %v", [low, sizes[low], high, sizes[high]]),
	"Order them MinSize <= DesiredSize <= MaxSize",
) if {
	some name, group in node_groups
	sizes := group.ScalingConfig
	some [low, high] in [["MinSize", "MaxSize"], ["MinSize", "DesiredSize"], ["DesiredSize", "MaxSize"]]
	to_number(sizes[low]) > to_number(sizes[high])
}

# Source: EKS API, NodegroupUpdateConfig.
violation contains finding(
	"EKS-NODE-MAX-UNAVAILABLE", name, "Properties.UpdateConfig",
	"MaxUnavailable and MaxUnavailablePercentage exclude each other",
	"Keep one of them",
) if {
	some name, group in node_groups
	group.UpdateConfig.MaxUnavailable
	group.UpdateConfig.MaxUnavailablePercentage
}

# The CDK's L2 sets this unless told otherwise.
# Source: EKS Best Practices, Reliability and Cluster Upgrades (PodDisruptionBudgets during upgrades).
violation contains finding(
	"EKS-NODE-FORCE-UPDATE", name, "Properties.ForceUpdateEnabled",
	"An update of the group ends pods that a PodDisruptionBudget protects",
	"Set ForceUpdateEnabled to false",
) if {
	some name, group in node_groups
	is_true(group.ForceUpdateEnabled)
}

# Source: EKS Best Practices, Infrastructure Security (minimize access to worker nodes); checkov CKV_AWS_100.
violation contains finding(
	"EKS-NODE-REMOTE-ACCESS", name, "Properties.RemoteAccess",
	"The nodes accept SSH",
	"Remove RemoteAccess and use Session Manager",
) if {
	some name, group in node_groups
	group.RemoteAccess
}

# Graviton families carry a g right after the generation (m7g, im4gn, x2gd); a1 and the Grace ones (p6e-gb200) do not.
# Source: EC2 user guide, instance type naming conventions.
arm_instance(type) := regex.match(`^(a1|[a-z]+[0-9]+g[a-z]*|[a-z0-9]+-gb[0-9]+)\.`, type)

arm_image(group) := contains(group.AmiType, "ARM_64")

instance_types(group) := group.InstanceTypes

instance_types(group) := [launch_template(group).InstanceType] if not group.InstanceTypes

# Source: EKS API, CreateNodegroup (the AMI type must match the processor of the instance types).
violation contains finding(
	"EKS-NODE-ARCHITECTURE", name, "Properties.InstanceTypes",
	sprintf("Instance type %s cannot boot an AMI of type %s", [type, group.AmiType]),
	"Use an instance type and an AmiType of one processor architecture",
) if {
	some name, group in node_groups
	group.AmiType != "CUSTOM"
	some type in instance_types(group)
	arm_instance(type) != arm_image(group)
}

# Source: EKS Best Practices, Reliability; EKS user guide, Detect node health issues and enable automatic node repair.
violation contains finding(
	"EKS-NODE-REPAIR", name, "Properties.NodeRepairConfig.Enabled",
	"A node that fails stays in the group until a person replaces it",
	"Set NodeRepairConfig.Enabled to true",
) if {
	some name, group in node_groups
	not is_true(group.NodeRepairConfig.Enabled)
}

# The template EKS makes for a group without one has hop limit 2 and no encryption of its own.
# Source: EKS user guide, Customize managed nodes with launch templates.
violation contains finding(
	"EKS-NODE-LAUNCH-TEMPLATE", name, "Properties.LaunchTemplate",
	"The group has no launch template, so nothing sets its metadata options and volume encryption",
	"Add a launch template with IMDSv2, hop limit 1 and encrypted gp3 volumes",
) if {
	some name, group in node_groups
	not group.LaunchTemplate
}

# Of node groups, and of whatever joins with a node's access entry, such as Karpenter's nodes.
joining_roles contains role if {
	some group in node_groups
	role := group.NodeRole.__ref
}

joining_roles contains role if {
	some entry in access_entries
	entry.Type in {"EC2_LINUX", "EC2_WINDOWS"}
	role := entry.PrincipalArn.__ref
}

auto_mode_roles contains role if {
	some cluster in clusters
	role := cluster.ComputeConfig.NodeRoleArn.__ref
}

auto_mode_roles contains role if {
	some entry in access_entries
	entry.Type == "EC2"
	role := entry.PrincipalArn.__ref
}

node_roles := joining_roles | auto_mode_roles

node_policies(role) := {"AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"} | join_policies(role)

# The minimal policy is a part of the other one.
join_policies(role) := {"AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"} if role in joining_roles

join_policies(role) := {"AmazonEKSWorkerNodeMinimalPolicy"} if not role in joining_roles

attached_policies(role) := {policy_name(arn) | some arn in roles[role].ManagedPolicyArns}

# Before the kubelet starts, nodeadm and Bottlerocket ask EC2 for the name of the instance, and give up without it.
# Source: EKS user guide, Amazon EKS node IAM role; amazon-eks-ami v20260714, nodeadm/internal/api/status.go:54;
# bottlerocket-core-kit a10182f9, sources/api/pluto/src/ec2.rs:71.
violation contains finding(
	"EKS-NODE-ROLE-JOIN", role, "Properties.ManagedPolicyArns",
	"The nodes never join: they may not ask EC2 who they are",
	"Attach AmazonEKSWorkerNodePolicy; the minimal policy is for the nodes of Auto Mode",
) if {
	some role in joining_roles
	roles[role]
	not "AmazonEKSWorkerNodePolicy" in attached_policies(role)
}

# What the role may do, every pod on the host network may do.
# Source: EKS Best Practices, Identity and Access Management (aws-node with its own role); CIS EKS 1.8 5.1.3 and 5.2.1.
violation contains finding(
	"EKS-NODE-ROLE-POLICIES", role, "Properties.ManagedPolicyArns",
	sprintf("Nodes have %s beyond what joining the cluster and pulling images needs", [concat(", ", sort(extra))]),
	sprintf("Keep to %s and grant the rest to service accounts by Pod Identity", [concat(", ", sort(node_policies(role)))]),
) if {
	some role in node_roles
	extra := attached_policies(role) - node_policies(role)
	count(extra) > 0
}

policy_name(arn) := regex.replace(text(arn), `^.*/`, "")

policy_name(arn) := arn.__ref
