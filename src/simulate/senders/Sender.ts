import { createHmac } from "node:crypto"
import type { PresetId } from "../../domain/providers/Providers.ts"
import type { Keys } from "./Keys.ts"

/** What a webhook is about, before it is signed. */
export interface Webhook {
  /** The same again is a copy of the webhook. */
  readonly id: string
  readonly type: string
  /** When it is signed, in milliseconds since the epoch. */
  readonly at: number
  /** The URL that the provider was given. */
  readonly url: string
}

/** A request as it is sent, by POST. */
export interface Signed {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Where a request carries its proof: in a header, a field of a form, or behind these keys of a JSON body. */
export type Place =
  | { readonly header: string }
  | { readonly form: string }
  | { readonly json: ReadonlyArray<string> }

/** Providers whose webhooks only they can sign, and the one that proves nothing. */
export type Unsigned = "paypal" | "sns" | "none"

/** A provider as its own page describes it, in code that has nothing in common with the verifier. */
export interface Sender {
  readonly provider: Exclude<PresetId, Unsigned>
  /** What sets it apart where a provider has more than one way to sign. */
  readonly variant?: string
  readonly keys: Keys
  readonly proof: Place
  /** A type that the provider sends. */
  readonly type: string
  readonly sign: (key: string, webhook: Webhook) => Signed
}

/** A sender of JSON that puts its proof into a header. */
export interface HeaderSender extends Omit<Sender, "proof" | "sign"> {
  readonly proof: string
  readonly body: (webhook: Webhook) => string
  readonly headers: (key: string, body: string, webhook: Webhook) => Readonly<Record<string, string>>
}

export const inHeader = ({ body, headers, proof, ...sender }: HeaderSender): Sender => ({
  ...sender,
  proof: { header: proof },
  sign: (key, webhook) => {
    const content = body(webhook)
    return {
      url: webhook.url,
      headers: { "content-type": "application/json", ...headers(key, content, webhook) },
      body: content
    }
  }
})

export const hmac = (key: string | Uint8Array, content: string, encoding: "hex" | "base64", hash = "sha256"): string =>
  createHmac(hash, key).update(content).digest(encoding)

/** A moment as most providers write it: whole seconds. */
export const unix = (at: number): string => String(Math.floor(at / 1_000))

export const json = (value: unknown): string => JSON.stringify(value)

/** A type such as `issues.opened` as the provider sends it, in two places. */
export const halves = (type: string): readonly [string, string | undefined] => {
  const [before = "", ...after] = type.split(".")
  return [before, after.length === 0 ? undefined : after.join(".")]
}
