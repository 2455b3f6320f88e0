// @effect-diagnostics strictEffectProvide:off
import { Console, Effect, Layer, Logger, Option, Redacted } from "effect"
import { Reencryption, type Tally } from "../services/Reencryption.ts"
import { Vault } from "../services/Vault.ts"
import * as Database from "./Database.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { settled } from "./embedded/Placement.ts"
import * as Environment from "./Environment.ts"
import { UsageError } from "./Examination.ts"

const applicationName = "sluice-reencrypt"
const rowsAtOnce = 500

/**
 * `npm run secrets:reencrypt`: seals everything with the first key of ENCRYPTION_KEYS and prints what became of it. The exit
 * code is 0 when nothing is left that is sealed with another key, else 1.
 */
export const reencrypt = Effect.gen(function*() {
  const variables = yield* Environment.read
  if (Option.isNone(variables.databaseUrl) && !(yield* settled(variables.dataDir))) {
    return yield* new UsageError({
      message: `There is no database in ${variables.dataDir}: name another one with DATABASE_URL or DATA_DIR.`
    })
  }
  const keys = Option.isSome(variables.databaseUrl)
    ? Option.some(yield* Environment.readEncryptionKeys)
    : yield* DataDirectory.knownEncryptionKeys(variables)
  if (Option.isNone(keys)) {
    return yield* new UsageError({ message: "There are no keys to seal with: name them with ENCRYPTION_KEYS." })
  }
  const [{ id: keyId }] = Redacted.value(keys.value)
  const layer = Reencryption.layer({ keyId, batch: rowsAtOnce }).pipe(
    Layer.provide(Layer.merge(Vault.withKeys(Redacted.value(keys.value)), Database.layer(variables, applicationName))),
    Layer.provide(Logger.minimumLogLevel(variables.logLevel))
  )
  const tallies = yield* Effect.provide(Effect.flatMap(Reencryption, (_) => _.run), layer)
  yield* Console.log(text(keyId, tallies))
  return tallies.some(isLeft) ? 1 : 0
})

const isLeft = ({ unopened, unsettled }: Tally): boolean => unsettled || Object.keys(unopened).length > 0

/** What was done, for the person at the terminal. */
export const text = (keyId: string, tallies: ReadonlyArray<Tally>): string =>
  [
    ...tallies.map(({ rows, sealedAnew, table }) =>
      `${table.padEnd(20)} ${rows} rows looked at, ${sealedAnew} envelopes sealed with "${keyId}"`
    ),
    "",
    ...(tallies.some(isLeft) ? tallies.flatMap(left) : [`Nothing is sealed with another key than "${keyId}".`])
  ].join("\n")

const left = ({ table, unopened, unsettled }: Tally): ReadonlyArray<string> => [
  ...Object.entries(unopened).map(([keyId, count]) =>
    `${table}: ${count} envelopes of the key "${keyId}" cannot be opened, the log says why. If the key is missing, put it ` +
    "into ENCRYPTION_KEYS, behind the others, and run this again."
  ),
  ...(unsettled ? [`${table}: others changed envelopes meanwhile. Run this again.`] : [])
]
