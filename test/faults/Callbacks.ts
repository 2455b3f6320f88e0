import { Effect, type Scope } from "effect"
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Call } from "./Books.ts"
import * as Characters from "./Characters.ts"
import { type Destination, destinations } from "./Kinds.ts"

/** The callbacks of a run. They write down every request, and what they answered. */
export interface Callbacks {
  readonly calls: ReadonlyArray<Call>
  readonly urlOf: (destination: Destination) => string
  /** How a destination behaves from now on. */
  readonly behave: (destination: string, character: Characters.Character) => Effect.Effect<void>
}

export const start: Effect.Effect<Callbacks, never, Scope.Scope> = Effect.gen(function*() {
  const calls: Array<Call> = []
  const characters = new Map<string, Characters.Character>()
  const urls = new Map<Destination, string>()
  yield* Effect.forEach(destinations, (destination) =>
    Effect.gen(function*() {
      const behave: Characters.Character = (request, response) =>
        (characters.get(destination) ?? Characters.healthy)(request, response)
      const port = yield* listen((request, response) => receive(calls, destination, behave, request, response))
      urls.set(destination, `http://127.0.0.1:${port}/${destination}`)
    }), { discard: true })
  return {
    calls,
    urlOf: (destination) => urls.get(destination) ?? "",
    behave: (destination, character) => Effect.sync(() => void characters.set(destination, character))
  }
})

const receive = (
  calls: Array<Call>,
  destination: Destination,
  behave: Characters.Character,
  request: IncomingMessage,
  response: ServerResponse
): void => {
  const hash = createHash("sha256")
  request.on("data", (chunk: Buffer) => hash.update(chunk)).on("end", () => {
    const call: Call = {
      at: Date.now(),
      destination,
      eventId: header(request, "sluice-event-id"),
      deliveryId: header(request, "sluice-delivery-id"),
      attempt: Number(header(request, "sluice-attempt")),
      hash: hash.digest("hex"),
      status: null,
      completeAt: null
    }
    calls.push(call)
    response.once("finish", () => {
      if (!request.socket.destroyed) call.completeAt = Date.now()
    })
    response.on("error", () => undefined)
    behave(request, response)
    response.once("close", () => note(call, response))
    response.once("finish", () => note(call, response))
  })
}

const note = (call: Call, response: ServerResponse): void => {
  if (response.headersSent) call.status = response.statusCode
}

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? "")

const keepAliveMs = 60_000

const listen = (handle: (request: IncomingMessage, response: ServerResponse) => void) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer({ keepAliveTimeout: keepAliveMs }, handle)
        server.on("clientError", (_, socket) => socket.destroy())
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.closeAllConnections()
          server.close(() => resume(Effect.void))
        })
    ),
    (server) => (server.address() as AddressInfo).port
  )
