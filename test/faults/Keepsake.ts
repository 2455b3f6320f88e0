import { Effect } from "effect"
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import type { Books } from "./Books.ts"
import { members } from "./Kinds.ts"
import type { World } from "./World.ts"

/** A folder with the books, a line for each entry, and every log; its path. */
export const make = ({ fleet, ground }: World, books: Books, seed: string) =>
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), `sluice-faults-${seed}-`))
    const logs = [...members.map((_) => fleet.hosts[_].log), ground.postgres.log, ground.redis.log, ground.rabbitMq.log]
    for (const log of logs) copyFileSync(log, join(folder, basename(log)))
    for (const [name, entries] of Object.entries<ReadonlyArray<unknown>>({ ...books })) {
      writeFileSync(join(folder, `${name}.jsonl`), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))
    }
    return folder
  })
