# ARNs that hold in every partition.
package eks_blueprints

import rego.v1

# The engine has replaced AWS::Partition before a rule sees the value, so in a commercial region a Join that hard-codes
# the partition looks like one that does not. Two things are certain nevertheless, and only they are reported: an ARN
# written as one literal string, and any arn:aws: in the template of a region of another partition. So a test that
# synthesizes for such a region finds what this rule cannot see elsewhere.
# A literal ARN with an account id passes: it names a thing of one partition, and with the context
# @aws-cdk/core:enablePartitionLiterals the CDK writes such ARNs itself.
#
# Source: IAM user guide, Amazon Resource Names (the partition is aws-cn or aws-us-gov in the regions of those).
violation contains finding(
	"EKS-PARTITION", name, "Properties",
	sprintf("%s is right in one partition only", [concat(", ", sort(arns))]),
	"Build ARNs from AWS::Partition (Stack.partition, Stack.format_arn)",
) if {
	some name, resource in input.resources
	resource.resourceType != "AWS::Lambda::Function"
	properties := json.marshal(resource.properties)
	contains(properties, "arn:aws:")
	arns := hard_coded_arns(name, properties)
	count(arns) > 0
}

other_partition if regex.match(`^(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc)-`, input_region())

hard_coded_arns(_, properties) := arns_in(properties) if other_partition

hard_coded_arns(name, properties) := hard_coded if {
	not other_partition
	known := regex.replace(properties, `"__dynamic":"(\\.|[^"\\])*"`, "")
	literal := strings.replace_n(built_strings(name), known)
	hard_coded := {arn | some arn in arns_in(literal); not of_an_account(arn)}
}

of_an_account(arn) if regex.match(`^arn:aws:[^:]*:[^:]*:[0-9]{12}:`, arn)

arns_in(properties) := {arn | some arn in regex.find_n(`arn:aws:[^"\\\s]*`, properties, -1)}

# Strings an intrinsic function built, as they stand in the resource's JSON.
built_strings(name) := {json.marshal(value): "" |
	some path in built_paths[name]
	some value in resolve_all(name, path)
	contains(value, "arn:aws:")
}

built_paths[source.resourceId] contains path if {
	some source in input.resolutionSources
	path := split(source.propertyPath, ".Fn::")[0]
}
