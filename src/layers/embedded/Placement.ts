import * as FileSystem from "@effect/platform/FileSystem"
import { Effect, Option } from "effect"
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { directoryUnusable, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { isRoot, ownerOf, postgres } from "./OsAccount.ts"
import { type Account, enters } from "./Process.ts"
import { shelters } from "./Shelter.ts"

export interface Placement {
  /** Where the data really are. */
  readonly directory: string
  /** As whom PostgreSQL runs; none for our own user. */
  readonly account: Option.Option<Account>
}

/** Decides where the data of a wanted directory live, the same place at every start, and to whom they belong. */
export const settle = Effect.fn("Placement.settle")(
  function*({ directory: wanted, durable }: { readonly directory: string; readonly durable: boolean }) {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(wanted, { recursive: true })
    const near = yield* fs.realPath(wanted)
    const sent = yield* forwarded(near)
    const directory = Option.getOrElse(sent, () => near)
    if (!(yield* isRoot)) return { directory, account: Option.none() }

    const owner = yield* ownerOf(clusterIn(directory))
    const account = Option.some(Option.isSome(owner) ? owner.value : yield* postgres)
    const empty = (yield* fs.readDirectory(directory)).length === 0
    // An empty folder was made for the database, by us or with mkdtemp, which closes it.
    if (empty) yield* fs.chmod(directory, 0o711)
    if (yield* enters(directory, account)) return { directory, account }
    if (Option.isSome(owner) || Option.isSome(sent)) return yield* closed(directory)
    return { directory: yield* forward(near, account, durable), account }
  },
  (effect, { directory }) => Effect.mapError(effect, directoryUnusable(directory))
)

/** Whether a wanted directory has a database, there or elsewhere. Nothing is made. */
export const settled = Effect.fn("Placement.settled")(function*(wanted: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* Effect.orElseSucceed(
    Effect.zipWith(fs.exists(clusterIn(wanted)), fs.exists(signpost(wanted)), (here, there) => here || there),
    () => false
  )
})

/** The folder with the cluster and its password: they appear together, by one rename. */
export const clusterIn = (directory: string): string => join(directory, "cluster")

// A file and not a rule: data stay found when the folder is moved or opened later, and a removed folder starts afresh.
const signpost = (directory: string) => join(directory, "moved-to")

const forwarded = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  if (!(yield* fs.exists(signpost(directory)))) return Option.none<string>()
  const target = (yield* fs.readFileString(signpost(directory))).trim()
  yield* Effect.unlessEffect(missing(directory, target), fs.exists(target))
  return Option.some(target)
})

const forward = Effect.fnUntraced(function*(from: string, account: Option.Option<Account>, durable: boolean) {
  const fs = yield* FileSystem.FileSystem
  const id = randomUUID().slice(0, 8)
  const shelter = yield* Effect.firstSuccessOf(shelters({ account, durable }))
  const target = join(shelter, `${readable(from)}-${id}`)
  const draft = `${signpost(from)}.${id}`
  yield* fs.makeDirectory(target)
  yield* fs.chmod(target, 0o711)
  yield* fs.writeFileString(draft, `${target}\n`)
  // Of two starts at once the first one links its signpost, and the other follows it.
  return yield* fs.link(draft, signpost(from)).pipe(
    Effect.as(target),
    Effect.catchAll(() =>
      Effect.zipRight(
        fs.remove(target, { recursive: true }),
        Effect.flatMap(forwarded(from), Option.match({ onNone: () => closed(from), onSome: Effect.succeed }))
      )
    ),
    Effect.ensuring(Effect.ignore(fs.remove(draft)))
  )
})

const readable = (path: string) => path.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "").slice(-40)

const missing = (directory: string, target: string) =>
  new EmbeddedPostgresError({
    reason: "DirectoryUnusable",
    message: `The database was in ${target}, which is gone. Bring it back, or remove ${signpost(directory)} ` +
      "to begin with an empty one."
  })

const closed = (directory: string) =>
  new EmbeddedPostgresError({
    reason: "DirectoryUnusable",
    message: `The database is in ${directory}, but the user that PostgreSQL runs as cannot get there. ` +
      "Open the folders above it again (chmod o+x), or start Sluice as an ordinary user that owns them."
  })
