// @effect-diagnostics strictEffectProvide:off
import { Duration, Effect, Layer, type Scope } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as https from "node:https"
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net"
import * as UndiciCallbacks from "../../../src/layers/UndiciCallbacks.ts"
import { CallbackClient, type CallbackRequest } from "../../../src/services/ports/CallbackClient.ts"
import { Settings } from "../../../src/services/Settings.ts"
import * as Grounds from "../../support/Grounds.ts"
import * as SelfSigned from "./SelfSigned.ts"

/** The client, with loopback allowed and a time limit that no test reaches, unless told. */
export const client = (changes: Partial<typeof Settings.Service> = {}): Layer.Layer<CallbackClient> =>
  Layer.provide(
    UndiciCallbacks.layer,
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

export const http = (handler: Handler): Effect.Effect<Listener, never, Scope.Scope> =>
  listen("http", createServer(handler))

/** Speaks TLS with a certificate that nobody trusts. */
export const selfSigned: Effect.Effect<Listener, never, Scope.Scope> = Effect.suspend(() =>
  listen("https", https.createServer(SelfSigned.make(), (_, response) => response.end()))
)

/** Does as told with each connection, once something came in over it. */
export const tcp = (handler: (socket: Socket) => void): Effect.Effect<Listener, never, Scope.Scope> =>
  listen("http", createTcpServer((socket) => socket.once("data", () => handler(socket))))

const listen = (protocol: string, server: Server): Effect.Effect<Listener, never, Scope.Scope> =>
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
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    const { port } = server.address() as AddressInfo
    return { url: `${protocol}://127.0.0.1:${port}/hook`, port, connections }
  })
