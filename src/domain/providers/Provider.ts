import { Array, Option, Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import { Encoding, Hash } from "../verification/Language.ts"
import * as Scheme from "../verification/Scheme.ts"

/** What an integration may choose where its provider leaves it open; each provider says which of these it reads. */
export const Options = Schema.Struct({
  header: Schema.optionalWith(HeaderName, { exact: true }),
  algorithm: Schema.optionalWith(Hash, { exact: true }),
  encoding: Schema.optionalWith(Encoding, { exact: true }),
  prefix: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(50)), { exact: true }),
  /** How far the moment of signing may lie from the moment of receipt, in seconds. */
  tolerance: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, 86_400)), { exact: true }),
  /** Whether a webhook that holds several events becomes as many. */
  split: Schema.optionalWith(Schema.Boolean, { exact: true })
})
export type Options = typeof Options.Type

/**
 * How sure the facts are. A: read in the provider's own code, specification or pages, or a vector that it published passes.
 * B: from third parties. C: not verified.
 */
export type Certainty = "A" | "B" | "C"

/** What a provider does besides signing, as far as its pages tell. */
export interface Manners {
  /** Whether it sends a webhook again that was not accepted. */
  readonly retries?: boolean
  /** How many seconds it waits for an answer. */
  readonly waits?: number
}

interface Facts {
  readonly title: string
  /** Where the provider documents its signatures. */
  readonly docs: string
  readonly certainty: Certainty
  /** Where the facts were read. */
  readonly source: string
  /** What a user has to know. */
  readonly note?: string
  readonly manners?: Manners
}

/** One kind of sender: how its webhooks are signed and named, and what the user may choose. */
export interface Provider extends Facts {
  readonly reads: ReadonlyArray<keyof Options>
  readonly scheme: (options: Options) => Scheme.Scheme
}

/** A provider whose scheme is fixed, but for the tolerance of its timestamp and the splitting of its lists where it has them. */
export const fixed = (facts: Facts, written: Scheme.Written): Provider => {
  const scheme = Scheme.make(written)
  const isTimed = scheme.proofs.some((proof) => "timestamp" in proof && Option.isSome(proof.timestamp))
  return {
    ...facts,
    reads: [...(isTimed ? ["tolerance"] as const : []), ...(Option.isSome(scheme.only) ? ["split"] as const : [])],
    scheme: ({ split = false, tolerance }) => ({
      ...(tolerance === undefined ? scheme : tolerant(scheme, tolerance)),
      split
    })
  }
}

const tolerant = (scheme: Scheme.Scheme, seconds: number): Scheme.Scheme => ({
  ...scheme,
  proofs: Array.map(scheme.proofs, (proof) =>
    "timestamp" in proof
      ? {
        ...proof,
        timestamp: Option.map(proof.timestamp, (timestamp) => ({ ...timestamp, maxAge: seconds, maxAhead: seconds }))
      }
      : proof)
})
