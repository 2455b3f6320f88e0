import { execFileSync, spawnSync } from "node:child_process"

const tool = "promtool"

/** Whether this machine has Prometheus' own tool (Debian: `apt-get install prometheus`). */
export const present = spawnSync(tool, ["--version"]).status === 0

/** Runs it on some input; fails with what it complains of. */
export const run = (args: ReadonlyArray<string>, input = ""): string =>
  execFileSync(tool, args, { encoding: "utf8", input })
