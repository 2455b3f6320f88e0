import * as Firing from "./Firing.ts"
import * as Requests from "./Requests.ts"
import type { Said, Told, Volley } from "./Volley.ts"

const say = (said: Said) => process.send?.(said)
let loaded: { readonly volley: Volley; readonly requests: Requests.Requests } | undefined

process.on("message", (told: Told) => {
  if (told.tell === "load") {
    loaded = { volley: told.volley, requests: Requests.make(told.volley) }
    say({ say: "ready" })
  } else if (loaded !== undefined) {
    Firing.fire(loaded.volley, loaded.requests).then((report) => say({ say: "report", report }), (cause: unknown) => {
      process.stderr.write(`${cause}\n`)
      process.exit(1)
    })
  }
})
// The bench is gone, and with it whoever would want a report.
process.once("disconnect", () => process.exit())
