import { App, Chart, Duration, Size } from "cdk8s";
import { Cpu, Deployment, DeploymentStrategy, PercentOrAbsolute, Probe } from "cdk8s-plus-32";

/** The same tasks as Deployments, each with its service, its health check and its way to update: three charts of so many times three. */
const count = Number(process.argv[2]);
const app = new App({ outdir: process.env.CDKTF_OUTDIR });
for (const environment of ["dev", "staging", "prod"]) {
  const chart = new Chart(app, environment);
  for (let index = 0; index < count; index += 1) {
    for (const name of ["admin", "launcher", "keyvalue"]) {
      const deployment = new Deployment(chart, `${name}-${index}`, {
        replicas: 2,
        minReady: Duration.seconds(10),
        strategy: DeploymentStrategy.rollingUpdate({
          maxSurge: PercentOrAbsolute.absolute(0),
          maxUnavailable: PercentOrAbsolute.absolute(1),
        }),
      });
      deployment.addContainer({
        image: `${name}:${index}`,
        args: ["--port", "8080"],
        portNumber: 8080,
        resources: { cpu: { request: Cpu.millis(500) }, memory: { request: Size.mebibytes(256) } },
        readiness: Probe.fromHttpGet("/health"),
        envVariables: { ENVIRONMENT: { value: environment } },
      });
      deployment.exposeViaService();
    }
  }
}
app.synth();
