import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Data, Effect, Option, Redacted, Schema } from "effect"
import { randomBytes } from "node:crypto"
import { EncryptionKeys } from "./EncryptionKeys.ts"
import { ManagementApiKey, type Variables } from "./Environment.ts"

/** A file in DATA_DIR cannot be used. */
export class DataDirectoryError extends Data.TaggedError("DataDirectoryError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/** The keys of embedded mode. */
export interface Keys {
  readonly managementApiKey: Redacted.Redacted
  readonly encryptionKeys: Redacted.Redacted<typeof EncryptionKeys.Type>
  /** Where the management key is kept; none when the environment gives it. */
  readonly managementKeyFile: Option.Option<string>
}

const keyBytes = 32
const encryptionKeysFile = "encryption-keys"

/** What the environment gives, else what DATA_DIR keeps, else new keys that are kept there from now on. */
export const keys = Effect.fn("DataDirectory.keys")(function*(variables: Variables) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.resolve(variables.dataDir)

  const kept = Effect.fnUntraced(
    function*(name: string, fresh: () => string) {
      const file = path.join(directory, name)
      yield* files.makeDirectory(directory, { recursive: true })
      // Linked into place whole; whoever comes second reads what the first one wrote.
      const draft = yield* files.makeTempFileScoped({ directory })
      yield* files.chmod(draft, 0o600)
      const content = yield* files.open(draft, { flag: "w" })
      yield* content.writeAll(new TextEncoder().encode(`${fresh()}\n`))
      // Whatever is encrypted with it is on disk before long, so it is there before.
      yield* content.sync
      yield* files.link(draft, file).pipe(
        Effect.catchIf((error) => error._tag === "SystemError" && error.reason === "AlreadyExists", () => Effect.void)
      )
      return { file, text: (yield* files.readFileString(file)).trim() }
    },
    Effect.scoped,
    Effect.mapError((cause) =>
      new DataDirectoryError({ message: `DATA_DIR ${directory} cannot be read or written: ${cause.message}`, cause })
    )
  )

  const management = Option.isSome(variables.managementApiKey)
    ? { key: variables.managementApiKey.value, file: Option.none<string>() }
    : yield* Effect.flatMap(
      kept("management-key", () => randomBytes(keyBytes).toString("base64url")),
      ({ file, text }) =>
        Effect.mapBoth(Schema.decode(ManagementApiKey)(text), {
          onFailure: () =>
            new DataDirectoryError({ message: `${file} does not hold a key: delete it, and a new one is made.` }),
          onSuccess: (key) => ({ key: Redacted.make(key), file: Option.some(file) })
        })
    )
  const encryptionKeys = Option.isSome(variables.encryptionKeys)
    ? variables.encryptionKeys.value
    : yield* Effect.flatMap(
      kept(encryptionKeysFile, () => `local:${randomBytes(keyBytes).toString("base64")}`),
      ({ file, text }) =>
        Effect.mapBoth(Schema.decode(EncryptionKeys)(text), {
          onFailure: () =>
            new DataDirectoryError({ message: `${file} does not hold id:base64key: put back what stood there.` }),
          onSuccess: (keys) => Redacted.make(keys)
        })
    )
  return { managementApiKey: management.key, managementKeyFile: management.file, encryptionKeys } satisfies Keys
})

/** The encryption keys that the environment gives or DATA_DIR keeps; none, and no file is made, where there are none. */
export const knownEncryptionKeys = Effect.fn("DataDirectory.knownEncryptionKeys")(function*(variables: Variables) {
  if (Option.isSome(variables.encryptionKeys)) return variables.encryptionKeys
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const text = files.readFileString(path.join(variables.dataDir, encryptionKeysFile))
  return yield* Effect.option(
    Effect.map(Effect.flatMap(text, (_) => Schema.decode(EncryptionKeys)(_.trim())), (keys) => Redacted.make(keys))
  )
})
