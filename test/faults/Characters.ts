import { Duration } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import { gzipSync } from "node:zlib"
import * as Environment from "./Environment.ts"

/** How a callback behaves towards one request, once it has all of it. `random` gives numbers from 0 to 1. */
export type Character = (request: IncomingMessage, response: ServerResponse, random: () => number) => void

const timeoutMs = Duration.toMillis(Environment.deliveryTimeout)

const thank = (response: ServerResponse): void => void response.writeHead(200).end("thanks")

const later = (least: number, most: number): Character => (request, response, random) => {
  setTimeout(() => {
    // Who has hung up gets no answer.
    if (!request.socket.destroyed) thank(response)
  }, least + random() * (most - least))
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

const trickle = (request: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200)
  const timer = setInterval(() => response.write("and so on\n"), 100)
  request.socket.once("close", () => clearInterval(timer))
}

const flood = (response: ServerResponse): void => {
  response.writeHead(200)
  pour(response, megabyte, Number.POSITIVE_INFINITY)
}

/** The healthy one, and the bad ones by the names of their faults without `callback-`. */
export const all = {
  healthy: (_, response) => thank(response),
  slow: later(500, timeoutMs - 1_000),
  hang: () => undefined,
  reset: (request) => void request.socket.resetAndDestroy(),
  garbage: (request) => void request.socket.end("\u0000\u0001this is not HTTP\r\n\r\n"),
  endless: (request, response, random) => random() < 0.5 ? trickle(request, response) : flood(response),
  huge: (_, response) => {
    response.writeHead(500, { "content-length": 100 * megabyte.length })
    pour(response, megabyte, 100)
  },
  bomb: (_, response, random) =>
    void response.writeHead(random() < 0.5 ? 200 : 500, {
      "content-encoding": "gzip",
      "content-length": bomb.length
    }).end(bomb),
  late: later(timeoutMs - 300, timeoutMs + 2_000),
  busy: (_, response, random) =>
    void response.writeHead(503, { "retry-after": String(1 + Math.floor(random() * 5)) }).end("not now")
} satisfies Readonly<Record<string, Character>>

export type Name = keyof typeof all
