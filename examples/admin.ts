import { Check, Cpu, Driver, Duration, Job, Memory, Network, Port, Restart, Service, Task, TaskGroup } from "../lib";

export const job = new Job({
  id: "prism-stack",
  groups: [
    new TaskGroup({
      name: "admin",
      networks: [Network.host(Port.static("grpc", 8981))],
      restart: Restart.fail({ attempts: 3, delay: Duration.seconds(10), interval: Duration.minutes(1) }),
      tasks: [
        new Task({
          name: "prism-admin",
          driver: Driver.docker({ image: "prism-admin:1.4.2", args: ["serve", "--port=${NOMAD_PORT_grpc}"] }),
          resources: { cpu: Cpu.mhz(500), memory: Memory.mebibytes(256) },
          services: [new Service({ name: "prism-admin", port: "grpc", checks: [Check.grpc()] })],
        }),
      ],
    }),
  ],
});
