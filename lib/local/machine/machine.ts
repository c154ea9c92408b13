/** What is to be known of the machine that the agents run on. It is given from outside, so that a test may be any machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  /** The id of the user; undefined where users have none, as on Windows. */
  readonly uid: number | undefined;
  /** The user's own folder. */
  readonly home: string;
}
