import { Effect, Option } from "effect"
import { execFile } from "node:child_process"
import { mkdir } from "node:fs/promises"
import { promisify } from "node:util"
import * as PostgresAccount from "../support/servers/PostgresAccount.ts"
import { ServerUnavailable } from "../support/servers/ServerUnavailable.ts"

/** A disk that can be full. */
export interface Disk {
  readonly fill: Effect.Effect<void, ServerUnavailable>
  readonly free: Effect.Effect<void, ServerUnavailable>
}

const roomy = "4g"

/** A disk in memory for a folder that does not exist yet; `mounted` says whether there is one. */
export const make = () => {
  let folder: string | undefined
  return {
    mount: (path: string) =>
      Effect.gen(function*() {
        const { gid, uid } = Option.getOrElse(yield* PostgresAccount.lent, () => ({ uid: 0, gid: 0 }))
        yield* attempt(() => mkdir(path))
        yield* run("mount", "-t", "tmpfs", "-o", `size=${roomy},mode=0700,uid=${uid},gid=${gid}`, "sluice-faults", path)
        folder = path
      }).pipe(
        Effect.catchAll(({ detail }) =>
          Effect.logWarning("The kind postgres-disk is left out, as no disk can be mounted here", { detail })
        )
      ),
    mounted: (): Option.Option<Disk> =>
      Option.map(Option.fromNullable(folder), (folder) => ({
        // What is written meanwhile makes the kernel refuse.
        fill: Effect.retry(shrink(folder), { times: tries }),
        free: run("mount", "-o", `remount,size=${roomy}`, folder)
      }))
  }
}

const shrink = (folder: string) =>
  Effect.flatMap(
    attempt(() => promisify(execFile)("df", ["--block-size=1", "--output=used", folder])),
    ({ stdout }) => run("mount", "-o", `remount,size=${Number(/\d+/.exec(stdout)?.[0] ?? 0) + slack}`, folder)
  )

const slack = 65_536
const tries = 20

const run = (file: string, ...args: ReadonlyArray<string>) =>
  Effect.asVoid(attempt(() => promisify(execFile)(file, args)))

const attempt = <A>(act: () => Promise<A>) =>
  Effect.tryPromise({
    try: act,
    catch: (cause) => new ServerUnavailable({ server: "disk", reason: "Folder", detail: String(cause), cause })
  })
