import { Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import { Encoding, Hash, type Scheme } from "../verification/Scheme.ts"

/** What an integration may choose where its provider leaves it open; each provider says which of these it reads. */
export const Options = Schema.Struct({
  header: Schema.optionalWith(HeaderName, { exact: true }),
  algorithm: Schema.optionalWith(Hash, { exact: true }),
  encoding: Schema.optionalWith(Encoding, { exact: true }),
  prefix: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(50)), { exact: true })
})
export type Options = typeof Options.Type

/** One kind of sender: how its webhooks are signed and named, and what the user may choose. */
export interface Provider {
  readonly title: string
  /** Where the provider documents its signatures. */
  readonly docs: string
  readonly reads: ReadonlyArray<keyof Options>
  readonly scheme: (options: Options) => Scheme
}

/** The options that a provider fixes. */
export const fixed = (scheme: Scheme): Pick<Provider, "reads" | "scheme"> => ({ reads: [], scheme: () => scheme })
