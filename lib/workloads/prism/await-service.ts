import { Cpu, Duration, Lifecycle, LogConfig, Memory, Resources, Task, Template, Wait } from "../../jobspec";
import type { Program } from "./program";

/**
 * A task that ends only when Consul knows a healthy instance of a service, so that the main tasks of its group start
 * no sooner. A template alone does not do it: `range service` renders an empty text while there is none, and the task
 * starts with that.
 *
 * It needs nothing but a shell: Nomad renders the healthy addresses into a file, and the task looks at the file.
 *
 * @param service the service's name in Consul
 * @param program whose driver runs it
 */
export function awaitService(service: string, program: Program): Task {
  const file = `${service}.addresses`;
  const script = [
    `n=0`,
    `until [ -s "$NOMAD_TASK_DIR/${file}" ]; do`,
    `  [ $((n % 10)) -eq 0 ] && echo "waiting for a healthy ${service} in Consul"`,
    `  n=$((n + 1)); sleep 1`,
    `done`,
    `echo "${service} is healthy:"; cat "$NOMAD_TASK_DIR/${file}"`,
  ].join("\n");
  return new Task({
    name: `await-${service}`,
    driver: program.shell(script),
    lifecycle: Lifecycle.prestart(),
    // Nomad waits five seconds for more changes before it renders again; here every second counts.
    templates: [
      Template.file(`local/${file}`, `{{ range service "${service}" }}{{ .Address }}:{{ .Port }}\n{{ end }}`, {
        changeMode: "noop",
        wait: new Wait({ min: Duration.milliseconds(50), max: Duration.seconds(1) }),
      }),
    ],
    resources: new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) }),
    logs: new LogConfig({ maxFiles: 1, maxFileSize: Memory.mebibytes(1) }),
  });
}
