// @effect-diagnostics strictEffectProvide:off
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Option } from "effect"
import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import { refuse } from "../../../src/domain/verification/Refusal.ts"
import * as Ingress from "../../../src/http/Ingress.ts"
import { Shortcut } from "../../../src/http/Shortcut.ts"
import { Webhooks } from "../../../src/http/Webhooks.ts"
import * as AtOnce from "../../../src/services/AtOnce.ts"
import { Directory } from "../../../src/services/Directory.ts"
import { Handshakes } from "../../../src/services/Handshakes.ts"
import { Inflow } from "../../../src/services/Inflow.ts"
import { Intake } from "../../../src/services/Intake.ts"
import { Rejections } from "../../../src/services/Rejections.ts"
import { Settings } from "../../../src/services/Settings.ts"
import { Verification } from "../../../src/services/Verification.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Grounds from "../../support/Grounds.ts"
import { listed } from "../../support/Listed.ts"

const megabyte = 1_048_576
const refused = refuse("signature_mismatch", "Nobody signed it so.")
const settings = Grounds.settings({ maxWebhookBytes: 64 * megabyte })
const mostHeld = 4 * settings.maxWebhookBytes

/** A webhook that has not come to its end. */
const half = () => {
  const message = new IncomingMessage(new Socket())
  message.push(Buffer.alloc(64 * megabyte))
  return Object.assign(message, { method: "POST", url: "/api/v1/webhooks/orders" })
}

const webhook = () => {
  const message = half()
  message.push(null)
  return message
}

const answered = Effect.fnUntraced(function*(message: IncomingMessage) {
  const { receive } = yield* Shortcut
  return yield* Effect.async<HttpServerResponse.HttpServerResponse>((resume) =>
    void receive(message, (answer) => resume(AtOnce.program(answer)))
  )
})

/** An ingress whose parts do what they are told. */
const made = (verify: typeof Verification.Service.verify) =>
  Ingress.shortcut.pipe(
    Layer.provide(Webhooks.layer),
    Layer.provideMerge(Inflow.layer),
    Layer.provide(Layer.mergeAll(
      Layer.succeed(Settings, settings),
      Layer.mock(Directory, { unsafeKnown: () => Option.some(listed), unsafeNow: () => 0 }),
      Layer.succeed(Handshakes, {
        unsigned: () => Either.right(Option.none()),
        signed: () => Either.right(Option.none())
      }),
      Layer.mock(Rejections, { unsafeRecord: () => undefined }),
      Layer.succeed(Verification, { verify }),
      Layer.mock(Intake, { unsafeAccept: () => undefined })
    ))
  )

/** Room for as much as there ever is: nothing is held. */
const hasRoom = Effect.map(Inflow, ({ open }) => {
  const held = open()
  const hasRoom = held.add(mostHeld)
  held.close()
  return hasRoom
})

describe("a defect", () => {
  it.effect("is answered with 500, whatever it interrupted", () =>
    Effect.gen(function*() {
      const broken = Effect.zipRight(Effect.never, Effect.dieMessage("broken"), { concurrent: true })
      const receive: typeof Webhooks.Service.receive = (_, resume) => {
        resume(AtOnce.later(broken))
        return () => undefined
      }
      const shortcut = Layer.provide(Ingress.shortcut, Layer.succeed(Webhooks, { receive, asked: () => broken }))
      const { status } = yield* Effect.provide(answered(webhook()), shortcut)
      assert.strictEqual(status, 500)
    }))

  it.scoped("in what is decided at once is answered with 500, and lets go of the webhook", () =>
    Effect.gen(function*() {
      for (let turn = 0; turn < 5; turn += 1) assert.strictEqual((yield* answered(webhook())).status, 500)
      assert.isTrue(yield* hasRoom)
    }).pipe(Effect.provide(made(() => {
      throw new Error("broken")
    }))))
})

describe("what is held for a webhook", () => {
  it.scoped("is let go of when it is refused", () =>
    Effect.gen(function*() {
      for (let turn = 0; turn < 5; turn += 1) assert.strictEqual((yield* answered(webhook())).status, 401)
      assert.isTrue(yield* hasRoom)
    }).pipe(Effect.provide(made(() => refused))))

  it.scopedLive("is let go of when nobody waits for an answer, and then there is none", () =>
    Effect.gen(function*() {
      const { receive } = yield* Shortcut
      const told: Array<string> = []
      const message = half()
      const stop = receive(message, ({ _tag }) => void told.push(_tag))
      yield* eventually(hasRoom, (hasRoom) => !hasRoom)
      stop()
      assert.isTrue(yield* hasRoom)
      message.push(null)
      yield* Effect.promise(() => new Promise((resume) => void setImmediate(resume)))
      assert.deepStrictEqual(told, [])
    }).pipe(Effect.provide(made(() => refused))))
})
