import type { Command, CommandGroup } from "../command";
import { capacity } from "./capacity";
import { deploy } from "./deploy";
import { destroy } from "./destroy";
import { down } from "./down";
import { drift } from "./drift";
import { env } from "./env";
import { fail } from "./fail";
import { github } from "./github";
import { importJobs } from "./import";
import { logs } from "./logs";
import { ls } from "./ls";
import { pool } from "./pool";
import { preview } from "./preview";
import { promote } from "./promote";
import { render } from "./render";
import { restart } from "./restart";
import { rollback } from "./rollback";
import { serve } from "./serve";
import { start } from "./start";
import { status } from "./status";
import { ui } from "./ui";
import { up } from "./up";
import { validate } from "./validate";

/** Every command, in the order and under the titles of the help. */
export const COMMANDS: readonly (readonly [title: string, commands: readonly (Command | CommandGroup)[]])[] = [
  ["The embedded cluster", [start, up, down, logs, ui, env]],
  ["An environment on a cluster", [preview, drift, deploy, status, promote, fail, rollback, restart, destroy, ls]],
  ["Jobs of stacks and of files", [validate, render, capacity, importJobs]],
  ["Pools", [serve, pool]],
  ["Workflows", [github]],
];
