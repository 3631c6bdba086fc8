// Clusters much like examples/prod.py, by the TypeScript peer: node peer.js FOLDER COUNT OUT
//
// FOLDER has the packages: npm install @aws-quickstart/eks-blueprints@1.19.0. What stays out is ExternalDNS, since the
// peer looks hosted zones up in an account.
const { createRequire } = require("node:module");
const path = require("node:path");

const [folder, count, out] = process.argv.slice(2);
const from = createRequire(path.join(path.resolve(folder), "package.json"));
console.log = console.info = console.debug = () => {}; // what it prints takes time, and is of no use here
const blueprints = from("@aws-quickstart/eks-blueprints");
const { App, aws_ec2: ec2, aws_eks: eks } = from("aws-cdk-lib");

const addOns = () => [
  new blueprints.VpcCniAddOn(),
  new blueprints.CoreDnsAddOn(),
  new blueprints.KubeProxyAddOn(),
  new blueprints.EksPodIdentityAgentAddOn(),
  new blueprints.EbsCsiDriverAddOn(),
  new blueprints.MetricsServerAddOn(),
  new blueprints.AwsLoadBalancerControllerAddOn(),
  new blueprints.CertManagerAddOn(),
  new blueprints.ExternalsSecretsAddOn(),
  new blueprints.KarpenterV1AddOn(),
  new blueprints.ArgoCDAddOn(),
];
const role = (name) => `arn:aws:iam::111111111111:role/${name}`;

async function main() {
  const app = new App({
    outdir: out,
    analyticsReporting: false,
    context: { "aws:cdk:disable-creation-stack-traces": true }, // as ours
  });
  for (let number = 0; number < Number(count); number++) {
    await blueprints.EksBlueprint.builder()
      .account("111111111111")
      .region("us-west-2")
      .version(eks.KubernetesVersion.V1_33)
      .resourceProvider("vpc", new blueprints.VpcProvider(undefined, { primaryCidr: "10.0.0.0/16" }))
      .clusterProvider(
        new blueprints.MngClusterProvider({
          amiType: eks.NodegroupAmiType.AL2023_ARM_64_STANDARD,
          instanceTypes: [new ec2.InstanceType("m7g.large")],
          minSize: 3,
          maxSize: 5,
        }),
      )
      .addOns(...addOns())
      .teams(
        new blueprints.PlatformTeam({ name: "platform", userRoleArn: role("Platform") }),
        new blueprints.ApplicationTeam({ name: "payments", userRoleArn: role("Payments") }),
      )
      .buildAsync(app, `c${number}`);
  }
  app.synth();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
