/** What a command is, and the parameters that it may have. */
export { command, PassedExit, type Command, type CommandGroup, type Prepared } from "./command";
export {
  argument,
  choice,
  commandLine,
  flag,
  flagOf,
  listOfArguments,
  literal,
  optionalArgument,
  orElse,
  pairs,
  required,
  text,
  value,
  values,
  type Given,
  type Parameter,
  type Parse,
  type ValuesOf,
} from "./parameters";
