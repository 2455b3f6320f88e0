import { Duration } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import * as Environment from "./Environment.ts"

/** How a callback behaves towards one request, once it has all of it. */
export type Character = (request: IncomingMessage, response: ServerResponse) => void

const timeoutMs = Duration.toMillis(Environment.deliveryTimeout)

const healthy: Character = (_, response) => void response.writeHead(200).end("thanks")

const later = (least: number, most: number): Character => (request, response) => {
  setTimeout(() => {
    // Who has hung up gets no answer.
    if (!request.socket.destroyed) healthy(request, response)
  }, least + Math.random() * (most - least))
}

const megabyte = Buffer.alloc(1_048_576, "x")
const bomb = gzipSync(Buffer.alloc(104_857_600))

const pour = (response: ServerResponse, chunk: Buffer, megabytes: number): void => {
  let left = megabytes
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1
      if (!response.write(chunk)) return void response.once("drain", more)
    }
    if (left <= 0) response.end()
  }
  more()
}

const trickle: Character = (request, response) => {
  response.writeHead(200)
  const timer = setInterval(() => response.write("and so on\n"), 100)
  request.socket.once("close", () => clearInterval(timer))
}

const flood: Character = (_, response) => {
  response.writeHead(200)
  pour(response, megabyte, Number.POSITIVE_INFINITY)
}

/** The healthy one, and the bad ones by the names of their faults without `callback-`. */
export const all = {
  healthy,
  slow: later(500, 1_500),
  hang: () => undefined,
  reset: (request) => void request.socket.resetAndDestroy(),
  garbage: (request) => void request.socket.end("\u0000\u0001this is not HTTP\r\n\r\n"),
  endless: (request, response) => (Math.random() < 0.5 ? trickle : flood)(request, response),
  huge: (_, response) => {
    response.writeHead(500, { "content-length": 100 * megabyte.length })
    pour(response, megabyte, 100)
  },
  bomb: (_, response) =>
    void response.writeHead(500, { "content-encoding": "gzip", "content-length": bomb.length }).end(bomb),
  late: later(timeoutMs + 500, timeoutMs + 2_000),
  busy: (_, response) =>
    void response.writeHead(503, { "retry-after": String(1 + Math.floor(Math.random() * 5)) }).end("not now")
} satisfies Readonly<Record<string, Character>>

export type Name = keyof typeof all
