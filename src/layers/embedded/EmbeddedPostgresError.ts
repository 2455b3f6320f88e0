import type { PlatformError } from "@effect/platform/Error"
import { Data } from "effect"

/** `message` is for the person who starts Sluice: what happened, and what to do. It never holds a secret. */
export class EmbeddedPostgresError extends Data.TaggedError("EmbeddedPostgresError")<{
  readonly reason:
    | "BinariesMissing"
    | "BinariesUnusable"
    | "AccountMissing"
    | "DirectoryUnusable"
    | "InitFailed"
    | "StartFailed"
    | "NotAnswering"
    | "InUse"
  readonly message: string
  readonly cause?: unknown
}> {}

/** Says in our words what the file system said; what is ours already passes. */
export const directoryUnusable =
  (directory: string) => (error: PlatformError | EmbeddedPostgresError): EmbeddedPostgresError =>
    error._tag === "EmbeddedPostgresError" ? error : new EmbeddedPostgresError({
      reason: "DirectoryUnusable",
      message: `The folder ${directory} cannot be used for the database (${error.message}). Start Sluice as the user ` +
        "that its files belong to, or name another folder with DATA_DIR, or set DATABASE_URL.",
      cause: error
    })
