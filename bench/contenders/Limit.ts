import { Effect, Option } from "effect"
import type { Config } from "../limit/server.ts"
import { program } from "../Program.ts"
import type { Contender } from "./Contender.ts"
import { secret } from "./Contender.ts"
import * as Crew from "./Crew.ts"

/** What the machine can do at most: a server that reads, checks one HMAC and answers. It stores nothing. */
export const limit: Contender = {
  name: "limit",
  prepare: () => Effect.void,
  queues: () => [],
  start: Effect.fn("Limit.start")(function*(setting) {
    const config = (port: number): Config => ({ port, secret })
    const crew = yield* Crew.make("limit", setting, {
      api: (port) => ({ file: program("limit/server.js"), args: [JSON.stringify(config(port))] }),
      worker: Option.none()
    })
    return { ...crew, path: "/", replay: Effect.void }
  }),
  books: {
    stored: () => Effect.succeed([]),
    total: () => Effect.succeed(0),
    open: () => Effect.succeed(0),
    grow: () => Effect.void,
    queue: () => Effect.void
  }
}
