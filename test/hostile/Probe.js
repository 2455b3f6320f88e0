// Loaded into a program under attack: tells on SIGUSR2 what of its memory is still held by something.
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc")

process.on("SIGUSR2", () => {
  collect()
  collect()
  const { external, heapUsed, rss } = process.memoryUsage()
  process.stdout.write(`${JSON.stringify({ memory: { heap: heapUsed + external, rss } })}\n`)
})
