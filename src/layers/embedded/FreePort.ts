import { Effect } from "effect"
import { createServer } from "node:net"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

/** A port of the loopback interface that nobody has at this moment. */
export const freePort: Effect.Effect<number, EmbeddedPostgresError> = Effect.async((resume) => {
  const server = createServer()
  const fail = (cause?: unknown) =>
    resume(
      new EmbeddedPostgresError({
        reason: "StartFailed",
        message: "No port of 127.0.0.1 can be opened for PostgreSQL. Set DATABASE_URL to another server.",
        cause
      })
    )
  server.once("error", fail).listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => address === null || typeof address === "string" ? fail() : resume(Effect.succeed(address.port)))
  })
})
