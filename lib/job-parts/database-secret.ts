/** The password of the database of Prism's admin, as Vault has it: which task of which job reads it with which role, and where it is. */
export const DATABASE_SECRET = {
  role: "prism-admin",
  job: "prism-stack",
  task: "prism-admin",
  /** Where it is in the mount `secret`. */
  secret: "prism/admin",
} as const;
