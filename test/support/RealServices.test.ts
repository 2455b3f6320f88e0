import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Console, Effect, Ref } from "effect"
import { choose, given, report, type Source } from "./servers/RealServices.ts"
import { ServerUnavailable } from "./servers/ServerUnavailable.ts"

const missing = (server: string) =>
  Effect.fail(new ServerUnavailable({ server, reason: "NotInstalled", detail: "not there" }))

/** A source that notes when it is opened and closed. */
const noting = (diary: Ref.Ref<ReadonlyArray<string>>, name: string, outcome: Source): Source =>
  Effect.zipRight(
    Effect.acquireRelease(note(diary, `open ${name}`), () => note(diary, `close ${name}`)),
    outcome
  )

const note = (diary: Ref.Ref<ReadonlyArray<string>>, line: string) => Ref.update(diary, (lines) => [...lines, line])

const environment = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(variables))))

const printed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const lines = yield* Ref.make<ReadonlyArray<string>>([])
    const console = yield* Console.consoleWith(Effect.succeed)
    yield* Effect.withConsole(effect, { ...console, log: (line) => note(lines, String(line)) })
    return yield* Ref.get(lines)
  })

describe("choose", () => {
  it.scoped("takes the first source that works and leaves the others alone", () =>
    Effect.gen(function*() {
      const diary = yield* Ref.make<ReadonlyArray<string>>([])
      const chosen = yield* choose([
        missing("first"),
        noting(diary, "second", Effect.succeed("redis://second")),
        noting(diary, "third", Effect.succeed("redis://third"))
      ])
      assert.deepStrictEqual(chosen, { url: "redis://second" })
      assert.deepStrictEqual(yield* Ref.get(diary), ["open second"])
    }))

  it.effect("ends what a source left half way before it tries the next, and the chosen one with the scope", () =>
    Effect.gen(function*() {
      const diary = yield* Ref.make<ReadonlyArray<string>>([])
      yield* choose([
        noting(diary, "broken", missing("broken")),
        noting(diary, "working", Effect.succeed("redis://working"))
      ]).pipe(Effect.scoped)
      assert.deepStrictEqual(yield* Ref.get(diary), ["open broken", "close broken", "open working", "close working"])
    }))

  it.scoped("says of every source why it was none", () =>
    Effect.gen(function*() {
      const chosen = yield* choose([missing("Docker"), missing("redis-server")])
      assert.deepStrictEqual(chosen, { skipped: "Docker: not there; redis-server: not there" })
    }))
})

describe("given", () => {
  it.scoped("is the URL in the variable", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* choose([given("TEST_REDIS_URL")]), { url: "redis://elsewhere" })
    }).pipe(environment({ TEST_REDIS_URL: "redis://elsewhere" })))

  it.scoped("takes an empty variable for none", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* choose([given("TEST_REDIS_URL")]), { skipped: "TEST_REDIS_URL: not set" })
    }).pipe(environment({ TEST_REDIS_URL: "" })))
})

describe("report", () => {
  const url = { url: "redis://there" }
  const skipped = { skipped: "redis-server: not there" }

  it.effect("prints one line for each service that is missing", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed(report({ redis: skipped, rabbitMq: url })), [
        "Suites skipped: no real Redis (redis-server: not there)"
      ])
      assert.deepStrictEqual(yield* printed(report({ redis: url, rabbitMq: url })), [])
    }).pipe(environment({})))

  it.effect("fails and names each when they are required", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(report({ redis: skipped, rabbitMq: skipped }))
      assert.strictEqual(
        message,
        "REQUIRE_REAL_SERVICES is set, but there is no real Redis (redis-server: not there), and " +
          "no real RabbitMQ (redis-server: not there)"
      )
    }).pipe(environment({ REQUIRE_REAL_SERVICES: "1" })))

  it.effect("has nothing to say when what is required is there", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* printed(report({ redis: url, rabbitMq: url })), [])
    }).pipe(environment({ REQUIRE_REAL_SERVICES: "1" })))
})
