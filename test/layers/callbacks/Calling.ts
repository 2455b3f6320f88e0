// @effect-diagnostics strictEffectProvide:off
import { Duration, Effect, Layer, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as https from "node:https"
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import * as Dial from "../../../src/layers/callbacks/Dial.ts"
import type { Lookup } from "../../../src/layers/callbacks/Lookup.ts"
import * as UndiciCallbacks from "../../../src/layers/UndiciCallbacks.ts"
import { CallbackClient, type CallbackRequest } from "../../../src/services/ports/CallbackClient.ts"
import { Settings } from "../../../src/services/Settings.ts"
import * as Grounds from "../../support/Grounds.ts"
import * as SelfSigned from "./SelfSigned.ts"

/** The client, with loopback allowed, a time limit that no test reaches, and the system's names, unless told. */
export const client = (
  changes: Partial<typeof Settings.Service> = {},
  names: Lookup = Dial.system
): Layer.Layer<CallbackClient> =>
  Layer.provide(
    UndiciCallbacks.layerOf(names),
    Layer.succeed(Settings, Grounds.settings({ deliveryTimeout: Duration.seconds(60), ...changes }))
  )

/** Calls once, with a client of its own unless there is one. */
export const post = (url: string, { body = Buffer.from("{}"), headers = [] }: Partial<CallbackRequest> = {}) =>
  Effect.flatMap(CallbackClient, (client) => client.post({ url, headers, body }))

/** A server of the test's own, and what it has seen of its connections. */
export interface Listener {
  readonly url: string
  readonly port: number
  /** Connections so far, and those that are open now. */
  readonly connections: { total: number; open: number }
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

export const http = (handler: Handler, address?: string): Effect.Effect<Listener, never, Scope.Scope> =>
  listen("http", createServer(handler), address)

/** Speaks TLS with a certificate that nobody trusts. */
export const selfSigned: Effect.Effect<Listener, never, Scope.Scope> = Effect.suspend(() =>
  listen("https", https.createServer(SelfSigned.make(), (_, response) => response.end()))
)

/** Does as told with each connection, once something came in over it. */
export const tcp = (handler: (socket: Socket) => void): Effect.Effect<Listener, never, Scope.Scope> =>
  listen("http", createTcpServer((socket) => socket.once("data", () => handler(socket))))

const listen = (
  protocol: string,
  server: Server,
  address = "127.0.0.1"
): Effect.Effect<Listener, never, Scope.Scope> =>
  Effect.gen(function*() {
    const connections = { total: 0, open: 0 }
    const sockets = new Set<Socket>()
    server.on("connection", (socket: Socket) => {
      connections.total += 1
      connections.open += 1
      sockets.add(socket.on("error", () => undefined))
      socket.once("close", () => {
        connections.open -= 1
        sockets.delete(socket)
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, address, () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const { port } = server.address() as AddressInfo
    return { url: `${protocol}://${address}:${port}/hook`, port, connections }
  })
