// @effect-diagnostics strictEffectProvide:off
import { Effect, Layer, Logger, Option, Redacted } from "effect"
import { randomBytes } from "node:crypto"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import { Demo } from "../services/Demo.ts"
import { Settings } from "../services/Settings.ts"
import * as Database from "./Database.ts"
import * as DataDirectory from "./DataDirectory.ts"
import * as Environment from "./Environment.ts"
import * as MakeSettings from "./MakeSettings.ts"
import * as MemoryBroker from "./MemoryBroker.ts"
import * as MemoryCoordination from "./MemoryCoordination.ts"
import * as Services from "./Services.ts"

/** `npm run db:seed`: the demo integration and a few events of it in every state. */
export const seed = Effect.gen(function*() {
  const variables = yield* Environment.read
  const keys = yield* keysFor(variables)
  yield* Effect.provide(run(variables, keys), Logger.minimumLogLevel(variables.logLevel))
})

/** A database that others use is sealed with the keys that they have; nobody is called, so the management key is none. */
const keysFor = (variables: Environment.Variables) =>
  Option.isNone(variables.databaseUrl) ? DataDirectory.keys(variables) : Effect.map(
    Environment.readEncryptionKeys,
    (encryptionKeys) => ({ encryptionKeys, managementApiKey: Redacted.make(randomBytes(32).toString("hex")) })
  )

const run = Effect.fnUntraced(function*(
  variables: Environment.Variables,
  keys: Pick<MakeSettings.Resolved, "encryptionKeys" | "managementApiKey">
) {
  const settings = MakeSettings.make(variables, {
    ...keys,
    // The demo's callback is the delivery sink, most likely on this machine.
    callbackPolicy: CallbackAddress.withLoopback(variables.callbackPolicy)
  })
  const base = Option.getOrElse(variables.publicBaseUrl, () => `http://127.0.0.1:${variables.port}`)
  const sink = `${base}/api/v1/internal/delivery-sink/demo`
  const services = Demo.layer.pipe(
    Layer.provide(Services.api),
    Layer.provide(Layer.mergeAll(
      Layer.succeed(Settings, settings),
      Database.layer(variables, "sluice-seed"),
      // Nothing is queued here: the workers find what is due.
      MemoryBroker.layer(settings.queues),
      MemoryCoordination.layer
    ))
  )
  const added = yield* Effect.provide(Effect.flatMap(Demo, (demo) => demo.seed(sink)), services)
  yield* Effect.logInfo(`The integration "demo" is there, with ${added} new events`)
  if (Option.isSome(variables.databaseUrl)) {
    yield* Effect.logInfo(
      `Its callback is the delivery sink at ${sink}: an API without NODE_ENV=production answers there, and workers reach ` +
        "it if CALLBACK_ALLOW_PRIVATE covers its address, such as 127.0.0.1/32"
    )
  }
})
