import { Effect, type Scope } from "effect"
import { connect } from "node:net"
import { eventually } from "../support/Eventually.ts"
import type { Gateway } from "../support/Gateway.ts"
import * as Api from "./Api.ts"

/** One answer as it came over the wire. */
export interface Response {
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

/** A connection on which a test may write what no client would. */
export interface Wire {
  readonly write: (bytes: string | Uint8Array) => Effect.Effect<void>
  /** So many whole answers, interim ones left out. */
  readonly answers: (count: number) => Effect.Effect<ReadonlyArray<Response>>
  /** Whether the first bytes of an answer have come in. */
  readonly answering: Effect.Effect<boolean>
  /** Waits until the server has closed the connection. */
  readonly closed: Effect.Effect<void>
  /** Reads no more. */
  readonly pause: Effect.Effect<void>
  /** Goes away without a word. */
  readonly destroy: Effect.Effect<void>
}

export const to = (port: number): Effect.Effect<Wire, never, Scope.Scope> =>
  Effect.gen(function*() {
    const socket = connect(port, "127.0.0.1")
    let got = Buffer.alloc(0)
    let ended = false
    socket.on("data", (chunk) => {
      got = Buffer.concat([got, chunk])
    })
    // A reset is an end too; what it means is for the test to say.
    socket.on("error", () => undefined).on("end", () => {
      ended = true
    }).on("close", () => {
      ended = true
    })
    yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
    return {
      write: (bytes) => Effect.sync(() => void socket.write(bytes)),
      answers: (count) => eventually(Effect.sync(() => parse(got)), (_) => _.length >= count),
      answering: Effect.sync(() => got.length > 0),
      closed: Effect.asVoid(eventually(Effect.sync(() => ended), (_) => _)),
      pause: Effect.sync(() => void socket.pause()),
      destroy: Effect.sync(() => void socket.destroy())
    }
  })

/** A connection to the gateway. */
export const open: Effect.Effect<Wire, never, Gateway | Scope.Scope> = Effect.flatMap(Api.port, to)

/** Writes on a connection of its own; the first answer. */
export const ask = Effect.fnUntraced(function*(bytes: string | Uint8Array) {
  const wire = yield* open
  yield* wire.write(bytes)
  const [answer] = yield* wire.answers(1)
  return answer ?? { status: 0, headers: new Map(), text: "" }
})

const responses = /^HTTP\/1\.1 (\d{3})[^\r]*\r\n/

const parse = (bytes: Buffer): ReadonlyArray<Response> => {
  const found: Array<Response> = []
  let rest = bytes.toString("latin1")
  for (;;) {
    const end = rest.indexOf("\r\n\r\n")
    if (end < 0) return found
    const head = rest.slice(0, end + 2)
    const status = Number(responses.exec(head)?.[1])
    const headers = new Map(
      head.split("\r\n").slice(1).filter((_) => _ !== "").map((line) => {
        const at = line.indexOf(":")
        return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
      })
    )
    const length = Number(headers.get("content-length") ?? 0)
    const body = rest.slice(end + 4)
    if (body.length < length) return found
    if (status >= 200) found.push({ status, headers, text: body.slice(0, length) })
    rest = body.slice(length)
  }
}

/** A webhook as text on the wire; its body's length is declared. */
export const request = (
  target: string,
  headers: ReadonlyArray<string>,
  body: string,
  declared = Buffer.byteLength(body)
): string =>
  [`POST ${target} HTTP/1.1`, "host: gateway", ...headers, `content-length: ${declared}`, "", body].join("\r\n")
