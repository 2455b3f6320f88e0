import { Config, Effect, Option } from "effect"
import { existsSync } from "node:fs"
import type { NetConnectOpts } from "node:net"
import { homedir } from "node:os"
import { join } from "node:path"
import * as Port from "./Port.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

const redisImage = "redis:7-alpine"
const rabbitMqImage = "rabbitmq:3.13-management-alpine"

/** The URL of a Redis in a container that is gone with the scope. */
export const redis = Effect.gen(function*() {
  yield* daemon
  const { GenericContainer } = yield* attempt(() => import("testcontainers"))
  const container = yield* running(() => new GenericContainer(redisImage).withExposedPorts(redisPort).start())
  return `redis://${container.getHost()}:${container.getMappedPort(redisPort)}`
})

/** The URL of a RabbitMQ in a container that is gone with the scope. */
export const rabbitMq = Effect.gen(function*() {
  yield* daemon
  const { RabbitMQContainer } = yield* attempt(() => import("@testcontainers/rabbitmq"))
  const container = yield* running(() => new RabbitMQContainer(rabbitMqImage).start())
  return container.getAmqpUrl().replace("amqp://", "amqp://guest:guest@")
})

const redisPort = 6379
const pullTime = "5 minutes"
const stopTime = "10 seconds"

// A container that is interrupted while it starts is ended by testcontainers' own reaper.
const running = <C extends { readonly stop: () => Promise<unknown> }>(start: () => Promise<C>) =>
  Effect.acquireRelease(
    attempt(start).pipe(
      Effect.interruptible,
      Effect.timeoutFail({ duration: pullTime, onTimeout: () => unavailable(`no container within ${pullTime}`) })
    ),
    (container) =>
      Effect.tryPromise(() => container.stop()).pipe(Effect.interruptible, Effect.timeout(stopTime), Effect.ignore)
  )

// testcontainers takes long to find out that there is nobody.
const daemon = Effect.gen(function*() {
  const host = Option.getOrElse(
    yield* Effect.orDie(Config.option(Config.nonEmptyString("DOCKER_HOST"))),
    () => `unix://${sockets.find((socket) => existsSync(socket)) ?? sockets[0]}`
  )
  const target = URL.canParse(host) ? targetOf(new URL(host)) : yield* unavailable(`DOCKER_HOST=${host} is no URL`)
  yield* Effect.mapError(
    Port.answers(target, "GET /_ping HTTP/1.0\r\n\r\n", /^HTTP/),
    (how) => unavailable(`no Docker at ${host} (${how})`)
  )
})

const sockets = ["/var/run/docker.sock", join(homedir(), ".docker/run/docker.sock")]

const targetOf = ({ hostname, pathname, port, protocol }: URL): NetConnectOpts =>
  protocol === "unix:" ? { path: pathname } : { host: hostname, port: Number(port || 2375) }

const attempt = <A>(act: () => Promise<A>) =>
  Effect.tryPromise({ try: act, catch: (cause) => unavailable(String(cause), cause) })

const unavailable = (detail: string, cause?: unknown) =>
  new ServerUnavailable({ server: "Docker", reason: "Container", detail, cause })
