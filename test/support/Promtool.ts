import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Prometheus' own tool, where this machine has it (Debian: `apt-get install prometheus`). */
export const path = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "promtool")).find(
  existsSync
)

/** Runs it on some input; fails with what it complains of. */
export const run = (args: ReadonlyArray<string>, input = ""): string =>
  execFileSync(path ?? "promtool", args, { encoding: "utf8", input })
