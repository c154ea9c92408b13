import { blockOf, blocks, text, type PropsOf } from "../engine";

const linkFields = {
  /** What is read. */
  label: text("Label", { required: true, lenient: true }),
  /** Where it leads. */
  url: text("URL", { required: true, lenient: true }),
};

/** Properties of {@link UiLink}. */
export interface UiLinkProps extends PropsOf<typeof linkFields> {}

/**
 * A link on the job's page in Nomad's web UI.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/ui
 */
export class UiLink extends blockOf({ api: "JobUILink", hcl: "link" }, linkFields) {
  constructor(props: UiLinkProps) {
    super(props);
  }
}

const fields = {
  /** A text in Markdown, 1,000 characters at most. @default - none */
  description: text("Description"),
  /** Links. @default - none */
  links: blocks("Links", () => UiLink, { hcl: "link" }),
};

/** Properties of {@link Ui}. */
export interface UiProps extends PropsOf<typeof fields> {}

/**
 * What Nomad's web UI shows on the job's page.
 *
 * @see https://developer.hashicorp.com/nomad/docs/job-specification/ui
 */
export class Ui extends blockOf({ api: "JobUIConfig", hcl: "ui" }, fields) {
  constructor(props: UiProps = {}) {
    super(props);
  }
}
