import { Hash, Utils } from "effect"
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { Call } from "./Books.ts"
import * as Characters from "./Characters.ts"
import { type Destination, destinations } from "./Kinds.ts"
import * as Peers from "./Peers.ts"

/** The servers themselves, without a thread of their own. */
export interface CallbackServers {
  readonly calls: () => ReadonlyArray<Call>
  readonly ports: Readonly<Record<string, number>>
  readonly behave: (destination: string, character: Characters.Name) => void
}

const behave = (name: Characters.Name): Characters.Character => Characters.all[name]

interface Noted {
  readonly call: Call
  readonly peer: Peers.Peer | undefined
}

const keepAliveMs = 60_000
/** So many calls of each destination are kept whole from the first one on, and one of so many from then on. */
const firstOnes = 20
const oneOf = 50

/** One server for each destination. They write down each request and its answer. A seed repeats their whims. */
export const listen = async (seed: string, peers = Peers.make()): Promise<CallbackServers> => {
  const noted: Array<Noted> = []
  const characters = new Map<string, Characters.Name>()
  const ports = await Promise.all(destinations.map((destination) => {
    const made = new WeakMap<Socket, Peers.Peer>()
    const whims = new Utils.PCGRandom(Hash.string(`${seed} ${destination}`))
    let seen = 0
    const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
      const character = characters.get(destination) ?? "healthy"
      seen += 1
      read(request, seen <= firstOnes || seen % oneOf === 0, (hash, body) => {
        const call = callOf(destination, character, request, hash, body)
        noted.push({ call, peer: made.get(request.socket) })
        watch(call, request, response)
        behave(character)(request, response, () => whims.number())
      })
    })
    server.on("connection", (socket: Socket) => {
      const { localPort, remotePort } = socket
      if (localPort !== undefined && remotePort !== undefined) {
        made.set(socket, peers.of({ from: remotePort, to: localPort }))
      }
    })
    server.on("clientError", (_, socket) => socket.destroy())
    return portOf(server).then((port) => [destination, port] as const)
  }))
  return {
    calls: () => noted.map(({ call, peer }) => Object.assign(call, { worker: peer?.worker ?? null })),
    ports: Object.fromEntries(ports),
    behave: (destination, character) => void characters.set(destination, character)
  }
}

const portOf = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port))
  })

/** Reads a request to its end; the body itself only where it is to be kept. */
const read = (
  request: IncomingMessage,
  keeps: boolean,
  then: (hash: string, body: Buffer | null) => void
): void => {
  const hash = createHash("sha256")
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => {
    hash.update(chunk)
    if (keeps) chunks.push(chunk)
  }).on("end", () => then(hash.digest("hex"), keeps ? Buffer.concat(chunks) : null))
}

const callOf = (
  destination: Destination,
  character: Characters.Name,
  request: IncomingMessage,
  hash: string,
  body: Buffer | null
): Call => {
  const header = (name: string): string => String(request.headers[name] ?? "")
  return {
    at: Date.now(),
    destination,
    eventId: header("sluice-event-id"),
    deliveryId: header("sluice-delivery-id"),
    attempt: Number(header("sluice-attempt")),
    hash,
    got: {
      contentType: header("content-type"),
      id: header("x-id") || header("webhook-id"),
      integration: header("sluice-integration")
    },
    character,
    worker: null,
    sample: body === null ? null : {
      headers: Object.fromEntries(Object.keys(request.headers).map((name) => [name, header(name)])),
      body: body.toString("base64")
    },
    status: null,
    completeAt: null
  }
}

/** Writes down what is answered. */
const watch = (call: Call, request: IncomingMessage, response: ServerResponse): void => {
  const note = () => {
    if (response.headersSent) call.status = response.statusCode
  }
  response.on("error", () => undefined).once("close", note).once("finish", () => {
    note()
    if (!request.socket.destroyed) call.completeAt = Date.now()
  })
}
