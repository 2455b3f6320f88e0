import { Array, Effect, Number, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Routes from "../http/management/Routes.ts"
import { eventually } from "../support/Eventually.ts"
import * as Program from "../support/Program.ts"
import * as Port from "../support/servers/Port.ts"
import * as Connection from "./Connection.ts"
import * as Mix from "./generators/Mix.ts"
import * as Judge from "./Judge.ts"

export interface Sample {
  readonly requests: number
  /** What is still held after a collection, in bytes. */
  readonly heap: number
  readonly rss: number
}

export interface Outcome {
  readonly samples: ReadonlyArray<Sample>
  readonly requests: number
  readonly problems: ReadonlyArray<string>
  /** How many answers there were of each status. */
  readonly statuses: Readonly<Record<string, number>>
}

const key = "management-key-of-the-memory-run"
const secret = "the-secret-of-the-memory-run"
const samples = 12
const mostLines = 1_500
/** On the average. */
const requestsOfLine = 3
const concurrency = 32

export interface Options {
  readonly requests: number
  readonly seed: number
  /** Told of each sample as it is taken. */
  readonly watch: (sample: Sample) => Effect.Effect<void>
}

/** Sends hostile requests to the built gateway, started as `npm start` does, and looks at its memory meanwhile. */
export const run = ({ requests, seed, watch }: Options) =>
  Effect.gen(function*() {
    const port = yield* Port.free
    const program = yield* gateway(port)
    yield* program.start
    yield* integration(port)
    // Others each time: what is kept of every new value would not show by the same ones again.
    const linesOf = (part: number) =>
      Mix.sample(
        { slug: "memory", secret, key, routes: Routes.guarded },
        seed * samples + part,
        Math.min(mostLines, Math.ceil(requests / samples / requestsOfLine))
      )
    const statuses: Record<string, number> = {}
    const problems: Array<string> = []
    const taken: Array<Sample> = []
    let sent = 0
    let next = 0
    const sendOne = Effect.fnUntraced(function*(lines: ReturnType<typeof linesOf>) {
      const line = lines[next++ % lines.length]
      if (line === undefined) return
      const exchange = yield* Connection.exchange(port, line.write())
      sent += line.requests
      for (const { status } of exchange.answers) statuses[status] = (statuses[status] ?? 0) + 1
      problems.push(...Judge.exchange(exchange, [key, secret]))
    })
    for (const part of Array.range(1, samples)) {
      const lines = linesOf(part)
      const enough = () => sent >= requests * part / samples || problems.length > 0
      yield* Effect.all(
        Array.makeBy(
          concurrency,
          () => Effect.whenEffect(sendOne(lines), Effect.succeed(!enough())).pipe(Effect.repeat({ until: enough }))
        ),
        { concurrency: "unbounded" }
      )
      const sample = { requests: sent, ...yield* memory(program) }
      taken.push(sample)
      yield* watch(sample)
      if (problems.length > 0) break
    }
    const output = yield* program.output
    if (output.includes(secret)) problems.push("the log shows the integration's secret")
    if (/\bERROR\b|\bFATAL\b/.test(output)) problems.push(`the log tells of a failure:\n${output.slice(-5_000)}`)
    yield* program.signal("SIGTERM")
    const exit = yield* program.exit
    if (exit !== 0) problems.push(`the gateway ended with exit code ${exit}`)
    const outcome: Outcome = { samples: taken, requests: sent, problems, statuses }
    return outcome
  }).pipe(Effect.scoped)

const gateway = Effect.fnUntraced(function*(port: number) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => join(tmpdir(), `sluice-memory-${randomUUID()}`)),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const env = {
    DATA_DIR: folder,
    APP_HOST: "127.0.0.1",
    APP_PORT: String(port),
    MANAGEMENT_API_KEY: key,
    // The delivery sink keeps what it is sent, and it is meant to.
    NODE_ENV: "production",
    LOG_LEVEL: "info",
    NODE_OPTIONS: `--import ${new URL("Probe.js", import.meta.url).href}`
  }
  const ready = Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/api/v1/health/ready`).then((_) => _.ok, () => false)
  )
  return yield* Program.make({ entry: "embedded/start.js", env, ready })
})

const integration = (port: number) =>
  Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/api/v1/integrations`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        slug: "memory",
        name: "Memory",
        provider: "hmac",
        secrets: [secret],
        rateLimitPerMinute: null,
        dedupe: { jsonPath: "$.id" }
      })
    })
  ).pipe(Effect.filterOrDieMessage((_) => _.status === 201, "The integration could not be made."))

const Told = Schema.parseJson(Schema.Struct({ memory: Schema.Struct({ heap: Schema.Number, rss: Schema.Number }) }))
const decodeTold = Schema.decodeOption(Told)

const told = (output: string) => Array.filterMap(output.split("\n"), (line) => decodeTold(line))

const memory = Effect.fnUntraced(function*(program: Program.Program) {
  const before = told(yield* program.output).length
  yield* program.signal("SIGUSR2")
  const all = yield* eventually(Effect.map(program.output, told), (_) => _.length > before)
  return all[before]?.memory ?? { heap: 0, rss: 0 }
})

/** What may come and go between two looks, in bytes. */
const allowance = 2_000_000
/** What may stay of each request, in bytes: much less than the smallest thing that a request is made of. */
const perRequest = 100
/** What the process does not give back at once comes and goes by a hundred megabytes; it is never more than this. */
const ceiling = 512_000_000

export interface Growth {
  /** How much more is held in the last third of the run than in the middle one; the first is for warming up. */
  readonly heap: number
  /** The most that was resident. */
  readonly rss: number
  /** What they may be. */
  readonly bounds: { readonly heap: number; readonly rss: number }
}

/** What a run says of the memory of the gateway. */
export const growth = (all: ReadonlyArray<Sample>): Growth => {
  const third = Math.floor(all.length / 3)
  const middle = all.slice(third, 2 * third)
  const last = all.slice(2 * third)
  const between = (of: (sample: Sample) => number) => median(last.map(of)) - median(middle.map(of))
  return {
    heap: between((_) => _.heap),
    rss: Math.max(...all.map((_) => _.rss)),
    bounds: { heap: allowance + perRequest * between((_) => _.requests), rss: ceiling }
  }
}

const median = (numbers: ReadonlyArray<number>): number =>
  Array.sort(numbers, Number.Order)[Math.floor(numbers.length / 2)] ?? 0
