import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Webhook } from "standardwebhooks"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Program from "../support/Program.ts"
import * as Port from "../support/servers/Port.ts"

const Sunk = Schema.Struct({
  data: Schema.Array(Schema.Struct({
    headers: Schema.Record({ key: Schema.String, value: Schema.String }),
    body: Schema.String
  }))
})

/** `npm start` on a folder of its own, which is gone with the scope. */
const embedded = Effect.fnUntraced(function*(
  folder: string,
  port: number,
  entry: Program.Options["entry"] = "embedded/start.js"
) {
  const ready = Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}/api/v1/health/ready`).then((_) => _.ok, () => false)
  )
  const env = {
    DATA_DIR: folder,
    APP_PORT: String(port),
    RETRY_BASE_DELAY_MS: "500",
    PROCESSING_LOCK_TTL_SECONDS: "2"
  }
  const program = yield* Program.make({ entry, env, ready })
  const output = eventually(program.output, (_) => _.includes("curl -H"))
  return { ...program, output }
})

const newFolder = Effect.acquireRelease(
  Effect.sync(() => join(tmpdir(), `sluice-start-${randomUUID()}`)),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const shell = (command: string) =>
  Effect.async<string>((resume) => {
    execFile("sh", ["-c", command], (_, output) => resume(Effect.succeed(output)))
  })

const line = (output: string, beginning: string): string =>
  output.split("\n").find((_) => _.startsWith(beginning)) ?? ""

const within = (base: string, managementKey: string) =>
  Effect.provideService(Gateway.Gateway, Gateway.at(base, managementKey))

describe("npm start", () => {
  it.scopedLive(
    "prints a webhook that is accepted, whose delivery the sink shows as it was sent, and ends with exit code 0",
    () =>
      Effect.gen(function*() {
        const folder = yield* newFolder
        const port = yield* Port.free
        const program = yield* embedded(folder, port, { script: "start" })
        yield* program.start
        const output = yield* program.output
        assert.include(output, `http://localhost:${port}/api/v1`)
        assert.include(output, readFileSync(join(folder, "management-key"), "utf8").trim())

        const sending = line(output, "curl -X POST")
        const answer = yield* shell(`${sending} -s -o /dev/null -w '%{http_code}'`)
        assert.strictEqual(answer, "202")
        const sink = Effect.flatMap(
          shell(`${line(output, "curl -H")} -s`),
          Schema.decodeUnknown(Schema.parseJson(Sunk))
        )
        const { data: [sunk] } = yield* eventually(sink, (_) => _.data.length === 1)
        assert.include(sending, `-d '${sunk?.body}'`)
        assert.strictEqual(sunk?.headers["x-github-event"], "issues")
        assert.include(sending, sunk?.headers["x-hub-signature-256"] ?? "none")
        assert.isDefined(sunk?.headers["webhook-signature"])

        const second = yield* embedded(folder, yield* Port.free)
        const refusal = yield* Effect.sandbox(second.start).pipe(Effect.flip)
        assert.include(String(refusal), "Another Sluice")
        assert.include(String(refusal), folder)

        yield* program.signal("SIGTERM")
        assert.strictEqual(yield* program.exit, 0)
        assert.isFalse(existsSync(join(folder, "cluster", "data", "postmaster.pid")))
      }),
    { timeout: 60_000 }
  )

  it.scopedLive(
    "delivers after a kill -9 what was accepted before it, though both twins forgot it",
    () =>
      Effect.gen(function*() {
        const folder = yield* newFolder
        const port = yield* Port.free
        const program = yield* embedded(folder, port)
        yield* program.start
        yield* program.output
        const callback = yield* Callback.make
        yield* callback.answer(Callback.status(500))
        const key = readFileSync(join(folder, "management-key"), "utf8").trim()
        yield* Effect.gen(function*() {
          const { destinations, send } = yield* Gateway.integration("survivor", callback.url)
          const { eventId } = yield* Gateway.accepted(yield* send("one"))
          yield* callback.awaitReceived(2)
          yield* program.signal("SIGKILL")
          yield* program.exit
          yield* callback.answer(Callback.status(200))
          yield* program.start
          const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered", 45_000)
          assert.strictEqual(event.deliveries[0]?.generation, 1)
          const last = callback.received.at(-1)
          assert.deepStrictEqual(
            new Webhook(destinations[0]?.signingSecret ?? "").verify(String(last?.body), Callback.headersOf(last)),
            { id: "one" }
          )
        }).pipe(within(`http://127.0.0.1:${port}`, key))
        yield* program.signal("SIGTERM")
        assert.strictEqual(yield* program.exit, 0)
      }),
    { timeout: 120_000 }
  )
})
