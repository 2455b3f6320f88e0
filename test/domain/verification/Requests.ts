import { Either, Redacted } from "effect"
import type { Options } from "../../../src/domain/providers/Provider.ts"
import { type PresetId, providers } from "../../../src/domain/providers/Providers.ts"
import type { Reason } from "../../../src/domain/verification/Refusal.ts"
import { Request } from "../../../src/domain/verification/Request.ts"
import type * as SignatureCheck from "../../../src/domain/verification/SignatureCheck.ts"
import * as Verifier from "../../../src/domain/verification/Verifier.ts"

export type Values = Readonly<Record<string, string | ReadonlyArray<string>>>

export interface Sent {
  readonly headers?: Values
  readonly body?: string | Uint8Array
  /** The URL that the provider called. */
  readonly url?: string
  /** Milliseconds since the epoch. */
  readonly receivedAt?: number
}

/** One request of a provider, and what is to become of it. */
export interface Case extends Sent {
  readonly name: string
  readonly secrets?: ReadonlyArray<string>
  readonly options?: Options
  readonly expected: "accepted" | Reason
}

/** A whole second, so that limits can be met exactly. */
export const now = 1_790_000_000_000

/** The integration's webhook URL. */
export const hook = "https://hooks.example/api/v1/webhooks/one"

export const request = ({ body = "", headers = {}, receivedAt = now, url = hook }: Sent): Request =>
  new Request({
    method: "POST",
    url,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, typeof value === "string" ? [value] : value])
    ),
    body: typeof body === "string" ? Buffer.from(body) : body,
    receivedAt
  })

export const verify = (
  provider: PresetId,
  secrets: ReadonlyArray<string>,
  sent: Sent,
  options: Options = {},
  certificates?: SignatureCheck.Certificates
) =>
  Verifier.verify(
    providers[provider].scheme(options),
    secrets.map((_) => Redacted.make(_)),
    request(sent),
    certificates
  )

export const verdict = (...args: Parameters<typeof verify>): "accepted" | Reason =>
  Either.match(verify(...args), { onLeft: ({ reason }) => reason, onRight: () => "accepted" as const })

/** The text with the character at the place exchanged for another of its alphabet. */
export const altered = (text: string, at: number): string => {
  const other = text[at] === "0" ? "1" : "0"
  return text.slice(0, at) + other + text.slice(at + 1)
}
