import { Effect, Option, Schema } from "effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Report from "../../src/domain/doctor/Report.ts"
import * as Environment from "./Environment.ts"
import type { World } from "./World.ts"

const program = fileURLToPath(new URL("../../dist/jobs/doctor.js", import.meta.url))
const timeLimitMs = 60_000

/** What the gateway's own doctor finds, in words. It must be able to look at everything. */
export const findings = ({ fleet, ground }: World): Effect.Effect<ReadonlyArray<string>> =>
  Effect.async<string>((resume) => {
    const env = Environment.make({
      postgres: ground.postgres.url,
      redis: ground.redis.url,
      rabbitMq: ground.rabbitMq.url,
      port: 0
    })
    execFile(
      process.execPath,
      [program, "--json"],
      { cwd: fleet.folder, env, timeout: timeLimitMs },
      // The exit code says nothing that the report does not.
      (_, report, complaint) => resume(Effect.succeed(report === "" ? complaint : report))
    )
  }).pipe(Effect.map(read))

/** What a report tells, or the text where it is none. */
export const read = (text: string): ReadonlyArray<string> =>
  Option.match(decode(text), {
    onNone: () => [`the doctor says: ${text.slice(0, textLength)}`],
    onSome: ({ rules, servers }) => [
      ...Object.entries(servers).filter(([, _]) => _.status !== "seen").map(([name, _]) => `${name}: ${_.problem}`),
      ...rules.filter((_) => _.result !== "ok").map(words)
    ]
  })

const decode = Schema.decodeOption(Schema.parseJson(Report.Report))
const textLength = 1_000

const words = ({ count, examples, id, skipped, title }: Report.Outcome): string =>
  skipped === null
    ? `${id}: ${title}: ${count}, such as ${examples.map((_) => `${_.subject} (${_.detail})`).join("; ")}`
    : `${id} was not looked at: ${skipped}`
