// Loaded before a process under test: its host's clock is ahead by as many milliseconds as a file says.
import { readFileSync, unwatchFile, watchFile } from "node:fs"

const file = process.env.SLUICE_TEST_CLOCK
const Real = Date
let ahead = 0

const read = () => {
  try {
    ahead = Number(readFileSync(file, "utf8")) || 0
  } catch {
    ahead = 0
  }
}

if (file !== undefined) {
  read()
  watchFile(file, { interval: 250, persistent: false }, read)
  process.once("exit", () => unwatchFile(file))

  class Shifted extends Real {
    constructor(...args) {
      if (args.length === 0) super(Real.now() + ahead)
      else super(...args)
    }
    static now() {
      return Real.now() + ahead
    }
  }
  globalThis.Date = new Proxy(Shifted, { apply: () => new Shifted().toString() })
}
