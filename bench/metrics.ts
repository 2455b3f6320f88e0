import { Duration, Effect } from "effect"
import * as Metrics from "../src/services/Metrics.ts"

const rounds = 1_000_000
const stored = [{ duplicate: false }]
const took = Duration.millis(12)

const measure = (name: string, program: Effect.Effect<unknown>) => {
  const run = (count: number) => Effect.runSync(Effect.repeatN(program, count))
  run(rounds / 10)
  const before = process.hrtime.bigint()
  run(rounds)
  const nanos = Number(process.hrtime.bigint() - before) / rounds
  process.stdout.write(`${name.padEnd(24)} ${nanos.toFixed(0).padStart(6)} ns\n`)
}

measure("nothing", Effect.sync(() => undefined))
measure(
  "a webhook accepted",
  Effect.suspend(() => Metrics.accepted([{ integration: "shop", stored, seconds: 0.002 }]))
)
measure("a webhook rejected", Effect.suspend(() => Metrics.rejected("signature_mismatch")))
measure("a commit", Effect.suspend(() => Metrics.committed(100, took)))
measure("an attempt", Effect.suspend(() => Metrics.attempted(true, "2xx", took)))
