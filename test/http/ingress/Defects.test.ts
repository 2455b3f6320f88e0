// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { IncomingMessage } from "node:http"
import { Socket } from "node:net"
import * as Ingress from "../../../src/http/Ingress.ts"
import { Shortcut } from "../../../src/http/Shortcut.ts"
import { Webhooks } from "../../../src/http/Webhooks.ts"

/** A defect beside something that it interrupts. */
const broken = Effect.zipRight(Effect.never, Effect.dieMessage("broken"), { concurrent: true })

it.effect("a defect is answered with 500, whatever it interrupted", () =>
  Effect.gen(function*() {
    const { answer } = yield* Shortcut
    const { status } = yield* answer(new IncomingMessage(new Socket()))
    assert.strictEqual(status, 500)
  }).pipe(
    Effect.provide(Layer.provide(
      Ingress.shortcut,
      Layer.succeed(Webhooks, { received: () => broken, asked: () => broken })
    ))
  ))
