import { Either, Record, Redacted, Schema } from "effect"
import { Headers } from "../domain/Headers.ts"
import type { Outcome } from "../domain/Judgement.ts"
import type { Vault, VaultError } from "./Vault.ts"

// Credentials whatever the scheme says; they are kept only for a later look at what came in.
const credentials = ["authorization", "cookie", "proxy-authorization"]

/** Headers apart: as JSON text, in which those that are secrets have no value, and those that are, in an envelope. */
export interface Apart {
  readonly headers: string
  readonly sealedHeaders: string | null
}

/** The headers that are sealed, given those that are secrets under a scheme. */
export const names = (secretHeaders: ReadonlyArray<string>): ReadonlyArray<string> => [...credentials, ...secretHeaders]

const encode = (headers: Headers): string => JSON.stringify(headers)
const decode = Schema.decodeUnknownSync(Schema.parseJson(Headers))

/** Keeps secrets that travel in headers out of the database's plain columns. */
export const unsafeSeal = (
  vault: typeof Vault.Service,
  place: string,
  headers: Headers,
  secretHeaders: ReadonlyArray<string>
): Apart => {
  const secret = names(secretHeaders).filter((name) => Object.hasOwn(headers, name) && headers[name]?.length !== 0)
  if (secret.length === 0) return { headers: encode(headers), sealedHeaders: null }
  const [open, sealed] = Record.partition(headers, (_, name) => secret.includes(name))
  const hidden = Record.map(sealed, (): ReadonlyArray<string> => [])
  return {
    headers: encode({ ...open, ...hidden }),
    sealedHeaders: vault.unsafeSeal(place, Redacted.make(encode(sealed)))
  }
}

/** The headers that were sealed; none when there were none. What this gateway sealed is JSON, or it throws. */
export const unsafeOpen = (
  vault: typeof Vault.Service,
  place: string,
  sealedHeaders: string | null
): Either.Either<Headers, VaultError> =>
  sealedHeaders === null
    ? Either.right({})
    : Either.map(vault.unsafeOpen(place, sealedHeaders), (text) => decode(Redacted.value(text)))

/** An outcome whose answer does not show those headers, as of a callback that answers with what it was sent. */
export const hidden = (sealed: Headers, outcome: Outcome): Outcome =>
  outcome._tag === "Answered"
    ? {
      ...outcome,
      body: Object.values(sealed).flat().filter((value) => value !== "")
        .reduce((text, value) => text.replaceAll(value, "<sealed>"), outcome.body)
    }
    : outcome
