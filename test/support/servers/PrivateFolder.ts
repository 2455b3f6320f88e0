import { Clock, Effect, Option } from "effect"
import { constVoid } from "effect/Function"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, chownSync, mkdtempSync, realpathSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ServerUnavailable } from "./ServerUnavailable.ts"

/** An OS user. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

export interface Options {
  readonly server: string
  /** Files in the folder, now or later, that begin with the id of a process group that must not outlive us. */
  readonly groups: ReadonlyArray<string>
  /** The signal that ends the groups; whoever is left after some seconds is killed. */
  readonly farewell: "KILL" | "QUIT"
  readonly parent?: string
  /** Whose folder it is; our own unless told. */
  readonly account?: Option.Option<Account>
}

/**
 * A fresh folder for one server. The groups end and the folder goes when the scope closes, and also when this process
 * ends without closing it: vitest exits at once on SIGINT, and after a SIGKILL only another process can clean up.
 */
export const make = Effect.fn("PrivateFolder.make")(function*(
  { account = Option.none(), farewell, groups, parent = tmpdir(), server }: Options
) {
  const create = Effect.try({
    try: () => {
      const folder = realpathSync(mkdtempSync(join(parent, `sluice-${server}-`)))
      // PostgreSQL enters as another user, into a folder of its own or below.
      chmodSync(folder, 0o711)
      if (Option.isSome(account)) chownSync(folder, account.value.uid, account.value.gid)
      return { folder, watcher: watch(folder, groups, farewell) }
    },
    catch: (cause) => new ServerUnavailable({ server, reason: "Folder", detail: `no private folder: ${cause}`, cause })
  })
  return (yield* Effect.acquireRelease(create, dismiss)).folder
})

const watch = (folder: string, groups: Options["groups"], farewell: Options["farewell"]) => {
  const watcher = spawn("/bin/sh", ["-c", vigil, "sluice-test-guard", folder, farewell, ...groups], {
    cwd: "/",
    detached: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["pipe", "ignore", "ignore"]
  })
  watcher.on("error", constVoid).unref()
  watcher.stdin?.on("error", constVoid)
  return watcher
}

// Our end of the pipe breaks when we close it, and when we die. Pids are used again: only a process that works in the
// folder is ours, or one that names it, as root in a container may not see where other users' processes work. A killed
// PostgreSQL leaves shared memory behind, whose id is in the seventh line of its file. What is mounted in the folder goes with it.
const vigil = `
folder=$1 farewell=$2 groups=
shift 2
ours() {
  [ -d /proc/self ] || return 0
  case $(readlink "/proc/$1/cwd") in "$folder"*) return 0 ;; esac
  grep -qF -- "$folder" "/proc/$1/cmdline"
}
cat > /dev/null
for file; do
  group=$(head -n 1 "$folder/$file") && ours "$group" || continue
  kill -s CONT -- "-$group"
  kill -s "$farewell" -- "-$group" && groups="$groups $group"
done
tries=0
for group in $groups; do
  while kill -s 0 -- "-$group" && ours "$group" && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
  ours "$group" && kill -s KILL -- "-$group"
done
for file; do
  segment=$(sed -n '7s/.* //p' "$folder/$file") && [ -n "$segment" ] && ipcrm -m "$segment"
done
while read -r _ point _; do
  case $point in "$folder"/*) umount -l "$point" ;; esac
done < /proc/mounts
tries=0
until rm -rf -- "$folder" || [ $tries -ge 50 ]; do sleep 0.1; tries=$((tries + 1)); done
`

const dismiss = ({ folder, watcher }: { readonly folder: string; readonly watcher: ChildProcess }) =>
  Effect.async<void>((resume) => {
    if (watcher.exitCode !== null || watcher.signalCode !== null) return resume(Effect.void)
    watcher.once("exit", () => resume(Effect.void))
    watcher.stdin?.end()
  }).pipe(
    Effect.interruptible,
    Effect.timeoutOption(patience),
    Effect.withClock(Clock.make()),
    Effect.zipRight(Effect.tryPromise(() => rm(folder, { recursive: true, force: true }))),
    Effect.ignore
  )

const patience = "20 seconds"
