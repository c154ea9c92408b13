/** Browser sessions: a browser in a machine of its own, for one login of a person. */
export {
  BrowserSessions,
  type BrowserRequest,
  type BrowserSession,
  type BrowserSessionsOptions,
} from "./browser-sessions";
export { type BrowserState } from "./channel";
export type { ScreenStream } from "./screen-stream";
