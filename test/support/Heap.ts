import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** The bytes of this process's heap that something still holds. */
export const used: Effect.Effect<number> = Effect.sync(() => {
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed
})
