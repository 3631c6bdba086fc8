# AWS::EC2::LaunchTemplate: in an app of clusters, every one of them makes nodes.
package eks_blueprints

import rego.v1

# Source: EKS Best Practices, Identity and Access Management (access to the instance profile); checkov CKV_AWS_79.
violation contains finding(
	"EKS-NODE-IMDSV2", name, "Properties.LaunchTemplateData.MetadataOptions.HttpTokens",
	"Nodes answer IMDSv1, which a forged request can use to read their credentials",
	"Set HttpTokens to required",
) if {
	some name, template in launch_templates
	not template.LaunchTemplateData.MetadataOptions.HttpTokens == "required"
}

# Images that demand IMDSv2 themselves, AL2023 among them, raise the limit to 2 when the template is silent.
# Source: EKS Best Practices, Identity and Access Management (access to the instance profile).
violation contains finding(
	"EKS-NODE-IMDS-HOPS", name, "Properties.LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit",
	"Pods can take the credentials of their node",
	"Set HttpPutResponseHopLimit to 1 and give pods roles by Pod Identity",
) if {
	some name, template in launch_templates
	not to_number(template.LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit) == 1
}

# Source: EKS Best Practices, Data Encryption (encrypt data at rest).
violation contains finding(
	"EKS-NODE-VOLUME-ENCRYPTION", name, "Properties.LaunchTemplateData.BlockDeviceMappings",
	"Volumes of the nodes are not encrypted",
	"List every volume in BlockDeviceMappings with Ebs.Encrypted true; the AMI's own settings do not encrypt",
) if {
	some name, template in launch_templates
	not encrypts_volumes(template.LaunchTemplateData)
}

encrypts_volumes(data) if {
	volumes := [device.Ebs | some device in data.BlockDeviceMappings; device.Ebs]
	count(volumes) > 0
	every volume in volumes {
		is_true(volume.Encrypted)
	}
}

# Source: EKS Best Practices, Cost Optimization (gp3 costs less than gp2 and its speed does not depend on its size).
violation contains finding(
	"EKS-NODE-VOLUME-TYPE", name, sprintf("Properties.LaunchTemplateData.BlockDeviceMappings.%d.Ebs.VolumeType", [index]),
	"A volume of the nodes is not of type gp3",
	"Set VolumeType to gp3",
) if {
	some name, template in launch_templates
	some index, device in template.LaunchTemplateData.BlockDeviceMappings
	device.Ebs
	not device.Ebs.VolumeType == "gp3"
}
