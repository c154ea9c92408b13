/**
 * Where a sandbox of {@link SlotPoolJob} keeps the token that it asks for: it makes one when it starts and writes it there, for nobody but the
 * allocation's own user. It stands in no job, variable or log; who may run a command in the allocation (`alloc-exec`) reads it by
 * {@link READ_TOKEN}.
 */
export const TOKEN_FILE = "${NOMAD_SECRETS_DIR}/sandbox-token";

/** The command whose standard output, in the task `sandbox-server`, is the token. */
export const READ_TOKEN: readonly [string, ...string[]] = ["/bin/sh", "-c", 'cat "$NOMAD_SECRETS_DIR/sandbox-token"'];
