import { Job } from "../../lib";

/** A service of a mesh with a check, and whether Nomad knows a port for the check. Asked of Nomad 1.11.3, and asked again by the end-to-end tests. */
export interface PortCase {
  readonly name: string;
  readonly job: Job;
  readonly accepted: boolean;
}

const terminating = { Terminating: { Services: [{ Name: "mainframe" }] } };
const ingress = { Ingress: { Listeners: [{ Port: 8080, Protocol: "tcp", Services: [{ Name: "web" }] }] } };
const meshGateway = { Mesh: {} };
const http = { Label: "http", To: 8080 };

interface Written {
  readonly connect: object | undefined;
  readonly port?: string;
  readonly checkPort?: string;
  readonly type?: string;
  readonly modes?: readonly string[];
  readonly name?: string;
}

function jobOf({ connect, port, checkPort, type = "tcp", modes = ["bridge"], name = "to-legacy" }: Written): Job {
  const check = { Type: type, Path: type === "http" ? "/health" : undefined, Interval: 10e9, Timeout: 2e9 };
  const service = { Name: name, PortLabel: port, Connect: connect, Checks: [{ ...check, PortLabel: checkPort }] };
  const networks = modes.map((Mode) => ({ Mode, DynamicPorts: [http] }));
  const task = { Name: "t", Driver: "docker", Config: { image: "a:1" } };
  return Job.fromApi({
    ID: "exit",
    TaskGroups: [{ Name: "gateway", Networks: networks, Tasks: [task], Services: [service] }],
  });
}

const gateways = {
  terminating: { Gateway: terminating },
  ingress: { Gateway: ingress },
  mesh: { Gateway: meshGateway },
};
const sidecar = { SidecarService: {} };

/** Every kind of service of the mesh, with and without ports of its own. */
export const PORT_CASES: readonly PortCase[] = [
  ...["bridge", "host", "cni/own"].flatMap((mode) =>
    ["tcp", "http", "grpc"].map((type) => ({
      name: `a terminating gateway without a port, a ${type} check, in a ${mode} network`,
      job: jobOf({ connect: gateways.terminating, type, modes: [mode] }),
      accepted: true,
    })),
  ),
  {
    name: "a terminating gateway with a port",
    job: jobOf({ connect: gateways.terminating, port: "http" }),
    accepted: true,
  },
  {
    name: "a terminating gateway whose name is filled in",
    job: jobOf({ connect: gateways.terminating, name: "${JOB}-out", checkPort: "connect-terminating-exit-out" }),
    accepted: true,
  },
  {
    name: "a terminating gateway without a network",
    job: jobOf({ connect: gateways.terminating, modes: [] }),
    accepted: false,
  },
  { name: "an ingress gateway without a port", job: jobOf({ connect: gateways.ingress }), accepted: false },
  {
    name: "an ingress gateway, a check with a port",
    job: jobOf({ connect: gateways.ingress, checkPort: "http" }),
    accepted: true,
  },
  { name: "a mesh gateway without a port", job: jobOf({ connect: gateways.mesh }), accepted: false },
  { name: "a mesh gateway with a port", job: jobOf({ connect: gateways.mesh, port: "http" }), accepted: true },
  {
    name: "a mesh gateway, a check of its port to the local network",
    job: jobOf({ connect: gateways.mesh, port: "http", checkPort: "connect-mesh-to-legacy-lan" }),
    accepted: true,
  },
  { name: "a sidecar without a port", job: jobOf({ connect: sidecar, type: "http" }), accepted: false },
  {
    name: "a sidecar, a check of the proxy's port",
    job: jobOf({ connect: sidecar, type: "grpc", checkPort: "connect-proxy-to-legacy" }),
    accepted: true,
  },
  { name: "no mesh and no port", job: jobOf({ connect: undefined }), accepted: false },
];
