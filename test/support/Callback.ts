import { Effect, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { eventually } from "./Eventually.ts"

/** One request as a callback got it. */
export interface Received {
  readonly at: number
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A callback of the tests' own: keeps every request, and answers as it is told. */
export interface Callback {
  readonly url: string
  readonly received: ReadonlyArray<Received>
  /** Waits until so many requests have come in. */
  readonly awaitReceived: (count: number) => Effect.Effect<ReadonlyArray<Received>>
  /** How requests are answered from now on; the number is the request's, from 1. */
  readonly answer: (how: Answer) => Effect.Effect<void>
}

export type Answer = (response: ServerResponse, number: number) => void

export const status = (code: number, headers: Record<string, string> = {}): Answer => (response) => {
  response.writeHead(code, headers).end(code < 300 ? "" : "no")
}

export const make: Effect.Effect<Callback, never, Scope.Scope> = Effect.gen(function*() {
  const received: Array<Received> = []
  let how: Answer = status(204)
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      received.push({ at: Date.now(), url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks) })
      how(response, received.length)
    })
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    awaitReceived: (count) => eventually(Effect.sync(() => [...received]), (_) => _.length >= count),
    answer: (next) =>
      Effect.sync(() => {
        how = next
      })
  }
})

/** The headers as one text each. */
export const headersOf = (received: Received | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(received?.headers ?? {}).map(([name, value]) => [name, String(value)]))
