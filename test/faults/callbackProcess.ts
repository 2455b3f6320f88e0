import type { Said, Told } from "./Callbacks.ts"
import * as CallbackServers from "./CallbackServers.ts"

const servers = await CallbackServers.listen(process.argv[2] ?? "")
const say = (said: Said) => process.send?.(said)
process.on("message", (told: Told) => {
  if (told.tell === "behave") servers.behave(told.destination, told.character)
  say(told.tell === "behave" ? { say: "done" } : { say: "calls", calls: servers.calls() })
})
// The harness is gone, and with it whoever would want an answer.
process.once("disconnect", () => process.exit())
say({ say: "listening", ports: servers.ports })
