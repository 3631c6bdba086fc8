# IAM around a cluster: who may assume its roles and what they may do.
package eks_blueprints

import rego.v1

trusts contains {"role": name, "index": index, "statement": statement} if {
	some name, role in roles
	some index, statement in ensure_list(document(role.AssumeRolePolicyDocument).Statement)
	statement.Effect == "Allow"
}

trust_path(trust) := sprintf("Properties.AssumeRolePolicyDocument.Statement.%d", [trust.index])

# Not IfExists, which lets a request without the key through, and not the negations.
narrowing := {"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"}

# The condition keys that narrow a statement; IAM compares them without case.
condition_keys(statement) := {lower(key) |
	some operator, keys in statement.Condition
	operator in narrowing
	some key in object.keys(document(keys))
}

in_eks_template if {
	some resource in input.resources
	regex.match(`^(AWS::EKS::|Custom::AWSCDK-EKS-)`, resource.resourceType)
}

# The CDK's old "masters role": anybody the account lets assume roles can become administrator of the cluster. Only in
# templates with EKS resources, because roles of a pipeline in the same app trust their account with good reason.
# Source: EKS Best Practices, Identity and Access Management (least privileged access); CIS EKS 1.8 4.1.1.
violation contains finding(
	"EKS-ROOT-TRUST", trust.role, trust_path(trust),
	"The role can be assumed by every identity of an AWS account that may call sts:AssumeRole",
	"Trust the roles that need it by ARN, or narrow the statement with aws:PrincipalArn or aws:PrincipalTag",
) if {
	in_eks_template
	some trust in trusts
	some principal in principals(trust.statement)
	regex.match(`^([0-9]{12}|\*|.*:root)$`, text(principal))
	not names_principals(trust.statement)
}

principals(statement) := ensure_list(statement.Principal.AWS)

principals(statement) := ["*"] if statement.Principal == "*"

names_principals(statement) if {
	some key in condition_keys(statement)
	regex.match(`^aws:principal(arn$|tag/)`, key)
}

# Source: EKS Best Practices, Identity and Access Management (scope the IRSA trust policy to the service account).
violation contains finding(
	"EKS-IRSA-TRUST", trust.role, trust_path(trust),
	"Service accounts other than the intended one can assume the role",
	"Compare both the :sub and the :aud key of the OIDC issuer with StringEquals",
) if {
	some trust in trusts
	"sts:AssumeRoleWithWebIdentity" in ensure_list(trust.statement.Action)
	some provider in ensure_list(trust.statement.Principal.Federated)
	not other_issuer(provider)
	some key in [":sub", ":aud"]
	not compares(trust.statement, key)
}

compares(statement, suffix) if {
	some key in object.keys(document(statement.Condition.StringEquals))
	endswith(key, suffix)
}

# Such as GitHub's, in the role of a pipeline: the claims to compare are others there.
other_issuer(provider) if {
	contains(text(provider), "oidc-provider/")
	not contains(text(provider), "oidc.eks.")
}

# Without conditions any association of any cluster in reach of the role may use it.
# Source: EKS user guide, Create IAM role with trust policy required by EKS Pod Identity; IAM, confused deputy.
violation contains finding(
	"EKS-POD-IDENTITY-TRUST", trust.role, trust_path(trust),
	"The role can be used by pods of every cluster",
	"Add the conditions aws:SourceAccount and aws:SourceArn (or aws:RequestTag/eks-cluster-arn or /eks-cluster-name)",
) if {
	some trust in trusts
	"pods.eks.amazonaws.com" in ensure_list(trust.statement.Principal.Service)
	not names_cluster(condition_keys(trust.statement))
}

names_cluster(keys) if {
	"aws:sourceaccount" in keys
	count(keys & {"aws:sourcearn", "aws:requesttag/eks-cluster-arn", "aws:requesttag/eks-cluster-name"}) > 0
}

policies contains {"resource": name, "path": "Properties.PolicyDocument", "document": policy.PolicyDocument} if {
	some type in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"]
	some name, policy in properties_of(type)
}

policies contains {"resource": name, "path": path, "document": policy.PolicyDocument} if {
	some name, role in roles
	some index, policy in role.Policies
	path := sprintf("Properties.Policies.%d.PolicyDocument", [index])
}

# Source: EKS Best Practices, Identity and Access Management (least privilege); IAM best practices; AWS FSBP IAM.1.
violation contains finding(
	"EKS-ACTION-WILDCARD", policy.resource, sprintf("%s.Statement.%d.Action", [policy.path, index]),
	"The policy allows every action of every service",
	"List the actions",
) if {
	some policy in policies
	some index, statement in ensure_list(document(policy.document).Statement)
	statement.Effect == "Allow"
	some action in ensure_list(statement.Action)
	action in {"*", "*:*"}
}
