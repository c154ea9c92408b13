import { blockOf, oneOf, text, texts, type PropsOf } from "../engine";

const fields = {
  /** The class with `main`. @default - the one that the archive names */
  className: text("class"),
  /** Where classes are looked for. @default - the task's directory */
  classPath: text("class_path"),
  /** The archive that is run, relative to the task's directory. @default - a class is run */
  jarPath: text("jar_path"),
  /** Options of the virtual machine, such as `-Xmx256m`. @default - none */
  jvmOptions: texts("jvm_options"),
  /** Arguments of the program. @default - none */
  args: texts("args"),
  /** The directory it runs in. @default - the task's directory */
  workDir: text("work_dir"),
  /** Whether it sees only its own processes. @default - "private", of the driver */
  pidMode: oneOf("pid_mode", ["private", "host"]),
  /** Whether it shares memory only with itself. @default - "private", of the driver */
  ipcMode: oneOf("ipc_mode", ["private", "host"]),
  /** Linux capabilities that it gets. @default - Nomad's usual ones */
  capAdd: texts("cap_add"),
  /** Linux capabilities that it loses. @default - none */
  capDrop: texts("cap_drop"),
};

/** Properties of a java task. */
export interface JavaProps extends PropsOf<typeof fields> {}

/**
 * A program on a Java virtual machine, isolated as `exec` does it. Linux, and Nomad as root.
 *
 * @see https://developer.hashicorp.com/nomad/docs/drivers/java
 */
export class JavaConfig extends blockOf({ api: "java", hcl: "config" }, fields) {
  constructor(props: JavaProps) {
    super(props);
  }
}
