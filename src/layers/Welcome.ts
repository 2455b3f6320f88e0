import * as HttpServer from "@effect/platform/HttpServer"
import { Console, Effect, Option, Redacted } from "effect"
import { Demo } from "../services/Demo.ts"
import { Settings } from "../services/Settings.ts"

export interface Facts {
  /** Where the management key is kept; none when the environment gives it. */
  readonly managementKeyFile: Option.Option<string>
  /** Where the database's files are; none when it is a server of its own. */
  readonly data: Option.Option<string>
}

/** Tells a person at the terminal how to try it. */
export const greet = (facts: Facts) => Effect.flatMap(greeting(facts), Console.log)

/** What that person is told. */
export const greeting = Effect.fn("Welcome.greeting")(function*({ data, managementKeyFile }: Facts) {
  const { deliverySink, managementApiKey } = yield* Settings
  const server = yield* HttpServer.HttpServer
  const port = server.address._tag === "TcpAddress" ? server.address.port : 0
  const base = `http://localhost:${port}`

  const key = Option.match(managementKeyFile, {
    onNone: () => "the one in MANAGEMENT_API_KEY",
    onSome: (file) => `${Redacted.value(managementApiKey)}   (kept in ${file})`
  })
  const bearer = Option.isNone(managementKeyFile) ? "$MANAGEMENT_API_KEY" : Redacted.value(managementApiKey)
  return [
    "",
    "Sluice is ready.",
    "",
    `  Base URL         ${base}/api/v1     documentation: ${base}/docs`,
    `  Management key   ${key}`,
    ...Option.toArray(Option.map(data, (_) => `  Database         ${_}`)),
    "  Callbacks        may reach this machine itself, because this is the embedded mode",
    "",
    // Without a sink there is nothing to try it with.
    ...(deliverySink ? yield* Effect.catchAll(trial(port, base, bearer), withoutTrial) : [])
  ].join("\n")
})

/** The gateway itself does not need the demo. */
const withoutTrial = ({ message }: { readonly message: string }) =>
  Effect.succeed([`No webhook to try it with is shown: ${message}`, ""])

const trial = Effect.fnUntraced(function*(port: number, base: string, bearer: string) {
  const demo = yield* Demo
  yield* demo.ensure(`http://127.0.0.1:${port}/api/v1/internal/delivery-sink/demo`)
  const { body, signature, slug } = yield* demo.signed
  return [
    "Send it a signed webhook:",
    "",
    `curl -X POST ${base}/api/v1/webhooks/${slug} -H 'content-type: application/json' -H 'x-github-event: issues' -H "x-github-delivery: $(date +%s%N)" -H 'x-hub-signature-256: ${signature}' -d '${body}'`,
    "",
    `What its callback was sent stands at ${base}/api/v1/internal/delivery-sink/demo:`,
    "",
    `curl -H "authorization: Bearer ${bearer}" ${base}/api/v1/internal/delivery-sink/demo`,
    ""
  ]
})
