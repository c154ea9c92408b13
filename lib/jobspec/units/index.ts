/** Units as types: nobody has to remember whether a number means seconds, MHz or MiB. */
export { Cpu } from "./cpu";
export { Duration } from "./duration";
export { duration, mebibytes } from "./fields";
export { Memory } from "./memory";
