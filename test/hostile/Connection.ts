import { Effect } from "effect"
import { connect } from "node:net"
import * as Answers from "./Answers.ts"

/** What is written on a connection of its own, in these pieces. */
export interface Sent {
  readonly pieces: ReadonlyArray<Uint8Array>
  /** Whether the client says that nothing more comes, and then only listens. */
  readonly ends: boolean
  /** What is written after that, a little now and then, for as long as the connection stands. */
  readonly drips?: Uint8Array
}

/** What came back until the server closed the connection. */
export interface Exchange extends Answers.Read {
  readonly sent: Sent
  /** Whether the server closed it within the patience. */
  readonly closed: boolean
  /** Whether an answer may have no body because nobody asked for one. */
  readonly bare: boolean
}

// Far beyond the limits that the server has here.
const patienceMs = 8_000
const dripEveryMs = 30

/** Writes and then reads to the end: it is for the server to close the connection. */
export const exchange = (port: number, sent: Sent): Effect.Effect<Exchange> =>
  Effect.async<Exchange>((resume) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: sent.ends, noDelay: true })
    const chunks: Array<Buffer> = []
    const done = (closed: boolean) => {
      clearTimeout(patience)
      clearInterval(drip)
      socket.destroy()
      const bare = isHead(sent)
      resume(Effect.succeed({ sent, closed, bare, ...Answers.read(Buffer.concat(chunks), bare) }))
    }
    const patience = setTimeout(() => done(false), patienceMs)
    const drip = setInterval(() => sent.drips !== undefined && socket.write(sent.drips), dripEveryMs)
    // A reset is an end too.
    socket.on("data", (chunk) => chunks.push(chunk)).on("error", () => undefined)
    socket.on("end", () => done(true)).on("close", () => done(true))
    socket.on("connect", () => {
      for (const piece of sent.pieces) socket.write(piece)
      if (sent.ends) socket.end()
    })
  })

const isHead = ({ pieces }: Sent): boolean => Buffer.concat(pieces).includes("HEAD ")

/** Text on the wire, each character a byte. */
export const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1")

/** A whole request on a connection of its own. */
export const whole = (request: string | Uint8Array): Sent => ({
  pieces: [typeof request === "string" ? bytes(request) : request],
  ends: false
})

/** What was sent, to be told when it is found to do harm. */
export const show = ({ ends, pieces }: Sent): string =>
  `${JSON.stringify(Buffer.concat(pieces).toString("latin1").slice(0, 2_000))}${ends ? " and an end" : ""}`
