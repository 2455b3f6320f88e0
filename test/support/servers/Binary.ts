import { Config, Effect } from "effect"
import { constants } from "node:fs"
import { access } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { ServerUnavailable } from "./ServerUnavailable.ts"

export const searchPath = Config.nonEmptyString("PATH").pipe(
  Config.withDefault("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
  Effect.orDie
)

/** An executable in one of the folders, else on the PATH. */
export const find = Effect.fn("Binary.find")(function*(name: string, folders: ReadonlyArray<string> = []) {
  const path = yield* searchPath
  return yield* Effect.firstSuccessOf([...folders, ...path.split(delimiter)].map((folder) => executable(folder, name)))
})

const executable = (folder: string, name: string) =>
  Effect.tryPromise({
    try: () => access(join(folder, name), constants.X_OK),
    catch: (cause) =>
      new ServerUnavailable({ server: name, reason: "NotInstalled", detail: "not installed on this machine", cause })
  }).pipe(Effect.as(join(folder, name)))
