# What is installed into the cluster: AWS::EKS::Addon and Helm charts.
package eks_blueprints

import rego.v1

addons := properties_of("AWS::EKS::Addon")

# Without one EKS takes its default version of the day: two deployments of one commit differ.
# Source: EKS Best Practices, Cluster Upgrades (keep add-ons compatible with the version).
violation contains finding(
	"EKS-ADDON-VERSION", name, "Properties.AddonVersion",
	sprintf("The version of add-on %v is left to the day of the deployment", [addon.AddonName]),
	"Set AddonVersion",
) if {
	some name, addon in addons
	not addon.AddonVersion
}

# Values completed at deploy time cannot be parsed here and pass.
# Source: EKS API, CreateAddon (configurationValues is checked against the add-on's JSON schema).
violation contains finding(
	"EKS-ADDON-CONFIGURATION", name, "Properties.ConfigurationValues",
	sprintf("The configuration of add-on %v is not a JSON object", [addon.AddonName]),
	"Pass the values through a JSON encoder",
) if {
	some name, addon in addons
	is_string(addon.ConfigurationValues)
	not is_object(json.unmarshal(addon.ConfigurationValues))
}

charts := properties_of("Custom::AWSCDK-EKS-HelmChart")

# A chart in an asset is pinned by the asset's hash.
# Source: EKS Best Practices, Image Security and Cluster Upgrades (known versions only).
violation contains finding(
	"EKS-CHART-VERSION", name, "Properties.Version",
	sprintf("Helm installs whatever version of chart %v is newest on the day of the deployment", [chart.Chart]),
	"Set Version",
) if {
	some name, chart in charts
	not chart.Version
	not chart.ChartAssetURL
}

# Source: helm upgrade --atomic; without it a failed release blocks the next one ("another operation is in progress").
violation contains finding(
	"EKS-CHART-ATOMIC", name, "Properties.Atomic",
	sprintf("Release %v stays half installed when it fails", [chart.Release]),
	"Set Atomic to true",
) if {
	some name, chart in charts
	not is_true(chart.Atomic)
}

# Source: helm upgrade --wait; without it a stack is complete while its pods cannot start.
violation contains finding(
	"EKS-CHART-WAIT", name, "Properties.Wait",
	sprintf("The deployment succeeds whether or not release %v ever starts", [chart.Release]),
	"Set Wait to true",
) if {
	some name, chart in charts
	not is_true(chart.Wait)
}

# Source: AWS Lambda quotas (a function runs 900 s at most); the handler that runs helm is one.
violation contains finding(
	"EKS-CHART-TIMEOUT", name, "Properties.Timeout",
	sprintf("Helm is told to wait %v, but the function that runs it is stopped after 900s", [chart.Timeout]),
	"Set Timeout to whole seconds up to 900s, such as 600s",
) if {
	some name, chart in charts
	is_string(chart.Timeout)
	not to_number(trim_suffix(chart.Timeout, "s")) <= 900
}
