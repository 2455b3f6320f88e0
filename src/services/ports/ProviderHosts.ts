import { Context, Data, type Effect } from "effect"

export class ProviderHostError extends Data.TaggedError("ProviderHostError")<{
  /** Without its query, which may hold a token. */
  readonly url: string
  readonly cause?: unknown
}> {}

/** The hosts of providers that a scheme names: for certificates, and for confirming a subscription. */
export class ProviderHosts extends Context.Tag("sluice/services/ports/ProviderHosts")<ProviderHosts, {
  /**
   * The body that a GET is answered with, of at most 64 KiB. Redirects are not followed; any other answer than 2xx, or none in
   * five seconds, is an error. Whether the URL may be asked is for the caller to check.
   */
  readonly get: (url: string) => Effect.Effect<Uint8Array, ProviderHostError>
}>() {}
