import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Call } from "./Books.ts"
import * as Characters from "./Characters.ts"
import { type Destination, destinations } from "./Kinds.ts"

/** The servers themselves, without a thread of their own. */
export interface CallbackServers {
  readonly calls: ReadonlyArray<Call>
  readonly ports: Readonly<Record<string, number>>
  readonly behave: (destination: string, character: Characters.Name) => void
}

const keepAliveMs = 60_000

/** One server for each destination. They write down every request, and what they answered. */
export const listen = async (): Promise<CallbackServers> => {
  const calls: Array<Call> = []
  const characters = new Map<string, Characters.Character>()
  const ports = await Promise.all(destinations.map((destination) => {
    const server = createServer(
      { keepAliveTimeout: keepAliveMs },
      (request, response) =>
        receive(calls, destination, characters.get(destination) ?? Characters.all.healthy, request, response)
    )
    server.on("clientError", (_, socket) => socket.destroy())
    return portOf(server).then((port) => [destination, port] as const)
  }))
  return {
    calls,
    ports: Object.fromEntries(ports),
    behave: (destination, character) => void characters.set(destination, Characters.all[character])
  }
}

const portOf = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
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
    const note = () => {
      if (response.headersSent) call.status = response.statusCode
    }
    response.on("error", () => undefined).once("close", note).once("finish", () => {
      note()
      if (!request.socket.destroyed) call.completeAt = Date.now()
    })
    behave(request, response)
  })
}

const header = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? "")
