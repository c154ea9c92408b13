import {
  loadPackageDefinition,
  type GrpcObject,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";

/** What a launcher tells its admin. The numbers are those of Prism's control plane, so that either may be the real one. */
export interface Registration {
  readonly launcherId: string;
  readonly address: string;
  readonly region: string;
  readonly maxProcesses: number;
}

/** What the admin answers. */
export interface Acknowledgement {
  readonly success: boolean;
  readonly message: string;
}

const PROTOCOL = {
  nested: {
    prism: {
      nested: {
        ControlPlane: {
          methods: {
            RegisterLauncher: { requestType: "LauncherRegistration", responseType: "LauncherRegistrationAck" },
            LauncherHeartbeat: { requestType: "LauncherHeartbeatRequest", responseType: "HeartbeatAck" },
          },
        },
        LauncherRegistration: {
          fields: {
            launcherId: { type: "string", id: 1 },
            address: { type: "string", id: 2 },
            region: { type: "string", id: 3 },
            version: { type: "string", id: 4 },
            maxProcesses: { type: "int32", id: 6 },
          },
        },
        LauncherRegistrationAck: {
          fields: {
            success: { type: "bool", id: 1 },
            message: { type: "string", id: 2 },
            assignedCapacity: { type: "int32", id: 4 },
          },
        },
        LauncherHeartbeatRequest: {
          fields: { launcherId: { type: "string", id: 1 }, timestamp: { type: "int64", id: 4 } },
        },
        HeartbeatAck: { fields: { success: { type: "bool", id: 1 }, message: { type: "string", id: 2 } } },
      },
    },
  },
};

const loaded = loadPackageDefinition(
  fromJSON(PROTOCOL as unknown as Parameters<typeof fromJSON>[0], { keepCase: true, longs: Number, defaults: true }),
);

/** The client and the definition of `prism.ControlPlane`, as far as launchers use it. */
export const ControlPlane = (loaded.prism as GrpcObject).ControlPlane as ServiceClientConstructor & {
  readonly service: ServiceDefinition;
};
