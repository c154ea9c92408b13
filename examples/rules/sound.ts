import {
  Driver,
  Job,
  Network,
  Port,
  Service,
  Task,
  TaskGroup,
  type Check,
  type JobProps,
  type ServiceProps,
  type TaskGroupProps,
  type TaskProps,
} from "../../lib";

/** A sound job with other properties. */
export function job(props: Partial<JobProps>): Job {
  return new Job({ id: "web", groups: [new TaskGroup({ name: "web", tasks: [program()] })], ...props });
}

/** A sound job, whose only group has other properties. */
export function group(props: Partial<TaskGroupProps>, ofJob: Partial<JobProps> = {}): Job {
  return job({ groups: [new TaskGroup({ name: "web", tasks: [program()], ...props })], ...ofJob });
}

/** A sound job, whose only task has other properties. */
export function task(props: Partial<TaskProps>, ofGroup: Partial<TaskGroupProps> = {}): Job {
  return group({ tasks: [program(props)], ...ofGroup });
}

/** A sound job, whose only service, of its group, has other properties: it is at the port "http". */
export function service(props: ServiceProps, ofGroup: Partial<TaskGroupProps> = {}): Job {
  const networks = [Network.bridge(Port.dynamic("http"))];
  return group({ networks, services: [new Service({ name: "web", port: "http", ...props })], ...ofGroup });
}

/** A sound job, whose only service, of its task, has other properties: it is at the port "http". */
export function taskService(props: ServiceProps): Job {
  const services = [new Service({ name: "web", port: "http", ...props })];
  return task({ services }, { networks: [Network.host(Port.dynamic("http"))] });
}

/** A sound job, whose only service, of its group, has this check. */
export function check(one: Check, ofService: ServiceProps = {}): Job {
  return service({ checks: [one], ...ofService });
}

/** A sound task, "web", with other properties. */
export function program(props: Partial<TaskProps> = {}): Task {
  return new Task({ name: "web", driver: Driver.rawExec({ command: "/bin/web" }), ...props });
}
