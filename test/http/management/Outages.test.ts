import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as RabbitMqBroker from "../../../src/layers/RabbitMqBroker.ts"
import * as RedisCoordination from "../../../src/layers/RedisCoordination.ts"
import { Settings } from "../../../src/services/Settings.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import { clientOf, TestDatabase } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"
import * as Routes from "./Routes.ts"

// Nothing listens at port 1.
const nowhere = "127.0.0.1:1"

const settings = Grounds.settings()

/** The answers of every route that asks for the key. */
const answers = Effect.flatMap(Gateway.Gateway, ({ manage }) =>
  Effect.forEach(Routes.guarded, (route) => {
    const path = route.template.includes("{name}")
      ? route.template.replace("{name}", settings.queues.deadLetter)
      : route.path
    return Effect.map(
      manage(path.replace("/api/v1", ""), Routes.needed(route), route.method),
      (answer) => ({ route, answer })
    )
  }, { concurrency: 10 }))

describe("the management API", () => {
  layer(
    Gateway.api.pipe(
      Layer.provide(Layer.merge(Grounds.twins(settings), clientOf(`postgres://nobody@${nowhere}/none`)))
    ),
    Api.live
  )((it) => {
    it.effect("without PostgreSQL answers what needs none, and 503 in the one error shape to the rest", () =>
      Effect.gen(function*() {
        const served: Array<string> = []
        for (const { answer, route } of yield* answers) {
          if (answer.status < 300) {
            served.push(route.name)
            continue
          }
          Api.failed(answer, 503, "unavailable")
          assert.isTrue(Routes.declares(route, 503, answer.json), route.name)
          assert.notInclude(answer.text, nowhere, route.name)
        }
        assert.includeMembers(served, ["providers.list", "queues.list"])
        for (const name of ["integrations.list", "events.get", "deliveries.list"]) assert.notInclude(served, name)
      }))
  })

  const withoutBoth = Layer.mergeAll(
    RabbitMqBroker.layer({ url: Redacted.make(`amqp://${nowhere}`), queues: settings.queues }),
    RedisCoordination.layer(Redacted.make(`redis://${nowhere}`)),
    Layer.succeed(Settings, settings),
    TestDatabase
  )
  layer(Gateway.api.pipe(Layer.provideMerge(withoutBoth)), Api.live)((it) => {
    it.effect("without Redis and RabbitMQ answers as ever, and 503 where it is about queues", () =>
      Effect.gen(function*() {
        for (const { answer, route } of yield* answers) {
          if (answer.status >= 400) assert.isTrue(Routes.declares(route, answer.status, answer.json), route.name)
          if (route.name === "queues.list") Api.failed(answer, 503, "unavailable")
          else if (!route.template.includes("/queues")) {
            assert.isBelow(answer.status, 500, `${route.name}: ${answer.text}`)
          } else assert.notStrictEqual(answer.status, 500, `${route.name}: ${answer.text}`)
        }
      }))
  })
})
