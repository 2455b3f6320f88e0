// The platform says `any` of what a middleware needs.
// @effect-diagnostics anyUnknownInErrorContext:off
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerError from "@effect/platform/HttpServerError"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Context, Effect, Either, Exit, type Fiber, Layer, Option, Runtime } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { ListenOptions, Socket } from "node:net"
import { v7 } from "uuid"
import { Answer } from "./Answer.ts"
import { Shortcut } from "./Shortcut.ts"

/** How long a client may take, in milliseconds. */
export interface Limits {
  readonly headers: number
  readonly request: number
  /** To take some more of its answer. */
  readonly answer: number
  /** To ask again on its connection. */
  readonly keepAlive: number
  /** How often the first two are looked after. */
  readonly checking: number
  /** To send what is on its way, and hear that its connection ends, before the server closes. */
  readonly linger: number
  /** To finish when the server closes. */
  readonly drain: number
}

const usual: Limits = {
  headers: 10_000,
  request: 60_000,
  answer: 30_000,
  keepAlive: 65_000,
  checking: 2_000,
  linger: 1_000,
  // Who is slower has been told nothing, and sends again.
  drain: 12_000
}

export interface Options {
  readonly host: string
  readonly port: number
  readonly limits?: Partial<Limits>
}

class Listener extends Context.Tag("sluice/http/Server/Listener")<Listener, Server>() {}

/** The HTTP server. Closing it answers what is in flight, and lets no connection beyond that hold it open. */
export const layer = ({ limits, ...listening }: Options) =>
  Layer.scoped(HttpServer.HttpServer, Effect.flatMap(Listener, (server) => listen(server, listening))).pipe(
    Layer.provideMerge(Layer.sync(Listener, () => make(limits))),
    Layer.merge(NodeHttpServer.layerContext)
  )

const listen = (server: Server, options: ListenOptions) =>
  Effect.acquireRelease(opened(server, options), () => closed(server)).pipe(
    Effect.map((address) => HttpServer.make({ address, serve: (app, middleware) => serve(server, app, middleware) }))
  )

const opened = (server: Server, options: ListenOptions) =>
  Effect.async<HttpServer.Address, HttpServerError.ServeError>((resume) => {
    const refused = (cause: Error) => resume(new HttpServerError.ServeError({ cause }))
    server.once("error", refused).listen(options, () => {
      server.off("error", refused)
      const address = server.address()
      resume(Effect.succeed(
        address === null || typeof address === "string"
          ? { _tag: "UnixAddress", path: address ?? "" }
          // What the log shows of it is an address to open.
          : { _tag: "TcpAddress", hostname: address.address === "::" ? "0.0.0.0" : address.address, port: address.port }
      ))
    })
  })

const closed = (server: Server) => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const serve = Effect.fnUntraced(function*(
  server: Server,
  app: HttpApp.Default<unknown>,
  middleware?: HttpMiddleware.HttpMiddleware
) {
  const routed = yield* (middleware === undefined
    ? NodeHttpServer.makeHandler(app)
    : NodeHttpServer.makeHandler(app, middleware))
  const runtime = yield* Effect.runtime()
  const handler = Option.match(yield* Effect.serviceOption(Shortcut), {
    onNone: () => routed,
    onSome: (shortcut) => shortened(shortcut, Runtime.runFork(runtime), routed)
  })
  yield* Effect.acquireRelease(
    Effect.sync(() => server.on("request", handler)),
    () => Effect.sync(() => server.off("request", handler))
  )
})

const shortened = (
  { receive, takes }: typeof Shortcut.Service,
  run: (answering: Effect.Effect<void>) => Fiber.RuntimeFiber<void>,
  routed: Handler
): Handler =>
(request, response) => {
  if (!takes(request)) return routed(request, response)
  let answering: Fiber.RuntimeFiber<void> | undefined
  let isOver = false
  const stop = receive(request, (answer) => {
    if (isOver) return
    if (answer._tag !== "Later") return writeAtOnce(response, Either.merge(answer))
    answering = run(Effect.map(answer.program, (_) => write(response, _)))
    // Whoever can be told nothing shall not wait for it.
    answering.addObserver((exit) => {
      if (Exit.isFailure(exit)) response.destroy()
    })
  })
  response.on("close", () => {
    isOver = true
    stop()
    if (!response.writableEnded) answering?.unsafeInterruptAsFork(HttpServerError.clientAbortFiberId)
  })
}

const writeAtOnce = (response: ServerResponse, answer: HttpServerResponse.HttpServerResponse): void => {
  if (Either.isLeft(Either.try(() => write(response, answer)))) response.destroy()
}

const write = (response: ServerResponse, { body, headers, status }: HttpServerResponse.HttpServerResponse): void => {
  response.writeHead(status, headers)
  // Each is a text, and as one it goes out together with the headers.
  response.end(body._tag === "Uint8Array" ? Buffer.from(body.body).toString() : undefined)
}

/**
 * Closes before what it stands on, the routes: for a moment requests are still answered, but each answer ends its
 * connection, so that few are on their way when the server closes.
 */
export const lingering = ({ limits }: Options) =>
  Layer.scopedDiscard(
    Effect.flatMap(Listener, (server) =>
      Effect.addFinalizer(() =>
        Effect.zipRight(
          Effect.sync(() => leaving.add(server)),
          Effect.sleep(limits?.linger ?? usual.linger)
        )
      ))
  )

const leaving = new WeakSet<Server>()

/** Closed, the server gives what is in flight the time to be answered, and then ends it. */
export const make = (changes: Partial<Limits> = {}): Server => {
  const limits = { ...usual, ...changes }
  const server = createServer({
    ServerResponse: Answer,
    headersTimeout: limits.headers,
    requestTimeout: limits.request,
    keepAliveTimeout: limits.keepAlive,
    connectionsCheckingInterval: limits.checking
  })
  server.timeout = limits.answer
  // A connection that cannot be accepted, for want of file descriptors, is nobody else's trouble.
  server.on("error", () => undefined)
  // Each with its answers that are not finished.
  const connections = new Map<Socket, Array<Answer>>()
  server.on("connection", (socket) => {
    const unfinished: Array<Answer> = []
    connections.set(socket, unfinished)
    socket.once("close", () => {
      connections.delete(socket)
      for (const answer of unfinished.slice()) answer.lose()
    })
  })
  server.on("request", (request, response) => {
    // Without another listener nobody answers: the handler is not there yet, or not any more.
    if (!server.listening || server.listenerCount("request") === 1) return refuse(response)
    if (leaving.has(server)) response.shouldKeepAlive = false
    const unfinished = connections.get(request.socket)
    if (unfinished === undefined) return
    unfinished.push(response)
    response.once("close", () => unfinished.splice(unfinished.indexOf(response), 1))
  })
  // Nothing came or went for a while: only an answer that is still being made is waited for.
  server.on("timeout", (socket) => {
    const answering = connections.get(socket)?.length ?? 0
    if (answering === 0 || socket.writableLength > 0) socket.destroy()
  })
  // An expectation that is not known is no reason to lose a webhook.
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    server.emit("request", request, response)
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const [status, code, message] = clientErrors[error.code ?? ""] ??
      [400, "validation_failed", "The request is not valid HTTP."]
    // It would be taken for the answer to the request before.
    const ambiguous = [...connections.get(socket) ?? []].some((_) => _.headersSent || _.req.complete)
    // Whoever has sent nothing yet may begin at this very moment, and would take it for the answer.
    const silent = error.code === "ERR_HTTP_REQUEST_TIMEOUT" && socket.bytesRead === 0
    if (!socket.writable || ambiguous || silent) return void socket.destroy()
    const text = body(code, message)
    socket.end(
      `HTTP/1.1 ${status} Error\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${
        Buffer.byteLength(text)
      }\r\n\r\n${text}`
    )
  })
  const close = server.close.bind(server)
  server.close = (callback) => {
    for (const [socket, unfinished] of connections) {
      // From here on Node looks no more after connections that never send a request, or take for ever to.
      if (unfinished.length === 0) socket.destroy()
      for (const response of unfinished) response.shouldKeepAlive = false
    }
    const deadline = setTimeout(() => server.closeAllConnections(), limits.drain)
    return close((error) => {
      clearTimeout(deadline)
      callback?.(error)
    })
  }
  return server
}

const clientErrors: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request_timeout", "The request did not arrive in time."],
  HPE_HEADER_OVERFLOW: [431, "validation_failed", "The request's headers are too large."]
}

const body = (code: string, message: string): string => JSON.stringify({ error: { code, message, requestId: v7() } })

const refuse = (response: ServerResponse): void => {
  const text = body("unavailable", "This server is starting or shutting down; try again.")
  response.writeHead(503, {
    connection: "close",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "retry-after": "1"
  })
  response.end(text)
}
