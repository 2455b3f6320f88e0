// @effect-diagnostics strictEffectProvide:off
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import * as Ingress from "../../../src/http/Ingress.ts"
import { Shortcut } from "../../../src/http/Shortcut.ts"
import { Webhooks } from "../../../src/http/Webhooks.ts"
import * as AtOnce from "../../../src/services/AtOnce.ts"

/** A defect beside something that it interrupts. */
const broken = Effect.zipRight(Effect.never, Effect.dieMessage("broken"), { concurrent: true })

it.effect("a defect is answered with 500, whatever it interrupted", () =>
  Effect.gen(function*() {
    const { receive } = yield* Shortcut
    const { status } = yield* Effect.async<HttpServerResponse.HttpServerResponse>((resume) =>
      void receive(new IncomingMessage(new Socket()), (answer) => resume(AtOnce.program(answer)))
    )
    assert.strictEqual(status, 500)
  }).pipe(
    Effect.provide(Layer.provide(
      Ingress.shortcut,
      Layer.succeed(Webhooks, {
        receive: (_, resume) => {
          resume(AtOnce.later(broken))
          return () => undefined
        },
        asked: () => broken
      })
    ))
  ))
