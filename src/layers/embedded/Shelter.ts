import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Option } from "effect"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { directoryUnusable, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { type Account, enters } from "./Process.ts"

/** Folders that PostgreSQL's account can enter when it cannot enter the wanted one; best first, each made when it is run. */
export const shelters = ({ account, durable }: {
  readonly account: Option.Option<Account>
  readonly durable: boolean
}) => (durable ? [lasting] : [...passing(), lasting]).map((path) => open(path, account))

const lasting = "/var/lib/sluice"

const passing = () => Array.from(new Set([tmpdir(), "/tmp", "/var/tmp"]), (folder) => join(folder, "sluice"))

const open = Effect.fnUntraced(function*(path: string, account: Option.Option<Account>) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.makeDirectory(path, { recursive: true })
  const real = join(yield* fs.realPath(dirname(path)), basename(path))
  const { uid } = yield* fs.stat(path)
  // Everyone may write in a temporary folder: what somebody else put there must be neither followed nor run.
  if (!Option.contains(uid, 0) || (yield* fs.realPath(path)) !== real) {
    return yield* new EmbeddedPostgresError({
      reason: "DirectoryUnusable",
      message: `The folder ${path} is not root's own. Remove it, or start Sluice as an ordinary user.`
    })
  }
  yield* fs.chmod(path, 0o755)
  if (yield* enters(real, account)) return real
  return yield* new EmbeddedPostgresError({
    reason: "DirectoryUnusable",
    message: `The user that PostgreSQL runs as cannot enter ${path}. Open the folders above it (chmod o+x), ` +
      "or start Sluice as an ordinary user, or set DATABASE_URL."
  })
}, (effect, path) => Effect.mapError(effect, directoryUnusable(path)))
