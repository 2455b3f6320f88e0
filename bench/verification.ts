import { NodeRuntime } from "@effect/platform-node"
import { Clock, Console, Effect, Either, Redacted } from "effect"
import { providers } from "../src/domain/providers/Providers.ts"
import { Request } from "../src/domain/verification/Request.ts"
import * as Verifier from "../src/domain/verification/Verifier.ts"
import type { Sender } from "../src/simulate/senders/Sender.ts"
import { senders } from "../src/simulate/senders/Senders.ts"

const warmUp = 2_000
const rounds = 10_000
const at = 1_790_000_000_000
const url = "https://hooks.example/api/v1/webhooks/one"

/** A webhook of about a kilobyte: the id of most is a part of the body, and fills it up. */
const signed = ({ keys, sign, type }: Sender) => sign(keys.own, { id: "i".repeat(900), type, at, url })

/** Microseconds that one verification takes, each on a request of its own, so that nothing is parsed before. */
const measure = Effect.fnUntraced(function*(sender: Sender) {
  const { body, headers, url } = signed(sender)
  const bytes = Buffer.from(body)
  const values = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
  const secrets = [Redacted.make(sender.keys.secretOf(sender.keys.own))]
  const scheme = providers[sender.provider].scheme({})
  const verify = () =>
    Verifier.verify(scheme, secrets, new Request({ method: "POST", url, headers: values, body: bytes, receivedAt: at }))
  if (Either.isLeft(verify())) return yield* Effect.dieMessage(`${sender.provider} is not believed`)
  for (let round = 0; round < warmUp; round += 1) verify()
  const before = yield* Clock.currentTimeNanos
  for (let round = 0; round < rounds; round += 1) verify()
  const took = Number((yield* Clock.currentTimeNanos) - before)
  const name = [sender.provider, sender.variant].filter((_) => _ !== undefined).join(", ")
  yield* Console.log(`${name.padEnd(40)} ${String(bytes.byteLength).padStart(6)} bytes ${micros(took).padStart(8)} µs`)
})

const micros = (nanos: number): string => (nanos / rounds / 1_000).toFixed(1)

NodeRuntime.runMain(Effect.forEach(senders, measure, { discard: true }))
