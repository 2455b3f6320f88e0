import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { DeadMessage } from "../../src/domain/DeadLetter.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Api from "../http/Api.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"

const Messages = Schema.Struct({ data: Schema.Array(DeadMessage) })

/** What stands in the dead-letter queue, as an operator sees it. */
const dead = Effect.gen(function*() {
  const { manage } = yield* Gateway.Gateway
  const { queues } = yield* Settings
  const { json } = yield* manage(`/queues/${queues.deadLetter}/messages`)
  return (yield* Effect.orDie(Schema.decodeUnknown(Messages)(json))).data
})

const post = (action: string) =>
  Effect.gen(function*() {
    const { manage } = yield* Gateway.Gateway
    const { queues } = yield* Settings
    return (yield* manage(`/queues/${queues.deadLetter}/${action}`, {})).json
  })

onEach("messages that workers cannot read", (gateway) => {
  layer(gateway(), Api.live)((it) => {
    it.scoped("are shown with the reason, die again when they are requeued, and stand in nobody's way", () =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const { queues } = yield* Settings
        const newer = "{\"v\":2,\"deliveryId\":\"of tomorrow\"}"
        yield* broker.publish([
          { queue: queues.process, content: newer },
          { queue: queues.retry, content: "not JSON" },
          { queue: queues.replay, content: "{\"v\":1,\"replayId\":\"no id\"}" }
        ])
        const shown = (deaths: number) =>
          eventually(dead, (_) => _.length === 3 && _.every((message) => message.deaths === deaths))
        const told = new Map((yield* shown(1)).map((message) => [message.queue, message]))
        assert.deepInclude(told.get(queues.process), {
          message: { v: 2, deliveryId: "of tomorrow" },
          cause: "refused",
          reason: "unknown message version 2; this revision reads version 1",
          requeuesTo: queues.process
        })
        assert.deepInclude(told.get(queues.retry), { message: null, reason: "malformed message: not JSON" })
        assert.match(told.get(queues.replay)?.reason ?? "", /^malformed message: [^]*replayId/)

        assert.deepStrictEqual(yield* post("requeue"), { requeued: 3, left: 0 })
        assert.sameMembers((yield* shown(2)).map((_) => _.queue), [queues.process, queues.retry, queues.replay])

        const callback = yield* Callback.make
        const { send } = yield* Gateway.integration("beside", callback.url)
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        assert.deepStrictEqual(yield* post("purge"), { purged: 3 })
        assert.deepStrictEqual(yield* dead, [])
      }))
  })
})
