import { Config, Console, Data, Effect, ExecutionStrategy, Exit, Option, Scope } from "effect"
import * as Containers from "./Containers.ts"
import * as RabbitMqServer from "./RabbitMqServer.ts"
import * as RedisServer from "./RedisServer.ts"
import { ServerUnavailable } from "./ServerUnavailable.ts"

export class RealServicesMissing extends Data.TaggedError("RealServicesMissing")<{
  readonly missing: ReadonlyArray<string>
}> {
  override get message(): string {
    return `REQUIRE_REAL_SERVICES is set, but there is ${this.missing.join(", and ")}`
  }
}

export type RealService = { readonly url: string } | { readonly skipped: string }

export interface RealServices {
  readonly redis: RealService
  readonly rabbitMq: RealService
}

/** A way to come by a URL, and by the service behind it for as long as the scope is open. */
export type Source = Effect.Effect<string, ServerUnavailable, Scope.Scope>

/** Starts or finds the services side by side. A missing one is a printed line, or a failure if they are required. */
export const start = Effect.gen(function*() {
  const services = yield* Effect.all({
    redis: choose([
      given("TEST_REDIS_URL"),
      Containers.redis,
      Effect.map(RedisServer.start, (server) => server.url)
    ]),
    rabbitMq: choose([
      given("TEST_RABBITMQ_URL"),
      Containers.rabbitMq,
      Effect.map(RabbitMqServer.start, (server) => server.url)
    ])
  }, { concurrency: "unbounded" })
  yield* report(services)
  return services
})

/** The first source that works; what the others left behind is gone by then. */
export const choose = (sources: ReadonlyArray<Source>): Effect.Effect<RealService, never, Scope.Scope> =>
  Effect.validateFirst(sources, inOwnScope).pipe(
    Effect.match({
      onSuccess: (url) => ({ url }),
      onFailure: (failures) => ({ skipped: failures.map(({ message }) => message).join("; ") })
    })
  )

/** Says which services are missing and why. */
export const report = Effect.fn("RealServices.report")(function*({ rabbitMq, redis }: RealServices) {
  const required = yield* Config.withDefault(Config.boolean("REQUIRE_REAL_SERVICES"), false)
  const missing = Object.entries({ Redis: redis, RabbitMQ: rabbitMq }).flatMap(([name, service]) =>
    "skipped" in service ? [`no real ${name} (${service.skipped})`] : []
  )
  if (required && missing.length > 0) return yield* new RealServicesMissing({ missing })
  yield* Effect.forEach(missing, (what) => Console.log(`Suites skipped: ${what}`), { discard: true })
})

/** The URL that the operator names in a variable. */
export const given = (variable: string): Source =>
  Effect.mapError(
    Config.nonEmptyString(variable),
    (cause) => new ServerUnavailable({ server: variable, reason: "NotConfigured", detail: "not set", cause })
  )

export const urlOf = (service: RealService): Option.Option<string> =>
  "url" in service ? Option.some(service.url) : Option.none()

const inOwnScope = (source: Source) =>
  Effect.flatMap(
    Effect.scope,
    (parent) =>
      Effect.flatMap(Scope.fork(parent, ExecutionStrategy.sequential), (scope) =>
        source.pipe(
          Scope.extend(scope),
          Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
        ))
  )
