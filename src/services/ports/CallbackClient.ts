import { Context, type Effect } from "effect"
import type { Outcome } from "../../domain/Judgement.ts"

export interface CallbackRequest {
  readonly url: string
  /** Names and values by turns. */
  readonly headers: ReadonlyArray<string>
  readonly body: Uint8Array
}

/** The way out to callbacks: bounded in time and in what is read, and only to addresses that the policy allows. */
export class CallbackClient extends Context.Tag("sluice/services/ports/CallbackClient")<CallbackClient, {
  /** One call. Everything that can go wrong with it is an outcome. */
  readonly post: (request: CallbackRequest) => Effect.Effect<Outcome>
  /** Why the URL could not be dialled, in words for a person; succeeds when it could, or when only its name is unknown yet. */
  readonly check: (url: string) => Effect.Effect<void, string>
}>() {}
