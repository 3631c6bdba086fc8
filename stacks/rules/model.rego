# What every rule file shares: how a finding is made and the resources the rules look at.
#
# The engine hands rules a template whose intrinsics are already resolved as far as they can be: a Ref or GetAtt to
# another resource is {"__ref": logical id}, a value known only at deploy time is {"__dynamic": text}. Rules look for
# what must be there, so a value nobody can see at synth counts as missing unless the rule says otherwise.
#
# Two traps of this engine: every package needs a `violation`, so helpers can live only in the rules' own package; and
# a built-in called with a wrong type is undefined, not an error, so `not` in front of it is true.
package eks_blueprints

import rego.v1

# ERROR, because a WARN passes under one of the two flags that make a synth strict.
finding(id, resource, path, problem, fix) := make_diag_at(
	id, "ERROR", resource, path,
	sprintf("%s. %s.", [problem, fix]),
)

properties_of(type) := {name: resource.properties |
	some name, resource in input.resources
	resource.resourceType == type
}

clusters := properties_of("AWS::EKS::Cluster")

node_groups := properties_of("AWS::EKS::Nodegroup")

launch_templates := properties_of("AWS::EC2::LaunchTemplate")

access_entries := properties_of("AWS::EKS::AccessEntry")

roles := properties_of("AWS::IAM::Role")

# CloudFormation takes booleans and numbers as text as well.
is_true(value) if value in {true, "true"}

is_false(value) if value in {false, "false"}

# What can be read of a value: all of it, or the literal parts of one that is completed at deploy time.
text(value) := value if is_string(value)

text(value) := regex.replace(value.__dynamic, `^(Join|Sub):`, "")

# A JSON document: an object, the same written as text, or a CfnJson resource, which exists because keys of an object
# cannot be completed at deploy time.
document(value) := value if {
	is_object(value)
	not value.__dynamic
	not value.__ref
}

document(value) := json.unmarshal(text(value))

document(value) := json.unmarshal(text(input.resources[value.__ref].properties.Value))
