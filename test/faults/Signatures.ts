import { isUtf8 } from "node:buffer"
import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import type * as Books from "./Books.ts"
import { type Integration, integrations, secretOf } from "./Integrations.ts"

/** How old or new the gateway's signature may be, as receivers have it. */
const tolerance = 300_000

/** Calls, of those kept whole, that their receiver would not believe, by the gateway's signature or the provider's. */
export const unbelieved = ({ calls, signingSecrets }: Books.Books): ReadonlyArray<string> => {
  const secrets = new Map(signingSecrets)
  const kept = calls.flatMap((call) => call.sample === null ? [] : [{ call, sample: call.sample }])
  if (calls.length > 0 && kept.length === 0) return ["no call was kept whole"]
  return kept.flatMap(({ call, sample: { body, headers } }) => {
    const content = { bytes: Buffer.from(body, "base64"), headers }
    const names = headers["sluice-signature"] === undefined ? "webhook" : "sluice"
    const integration = integrations.find((_) => _.slug === headers["sluice-integration"])
    const isGateways = headers[`${names}-id`] === call.eventId &&
      Math.abs(call.at - timestampOf(names, content)) <= tolerance &&
      isStandard(secrets.get(call.destination), names, content)
    const isProviders = integration !== undefined && isOfProvider(integration, content)
    const what = `event ${call.eventId} came to ${call.destination} with`
    const problems: Array<string> = []
    if (!isGateways) problems.push(`${what} a signature of the gateway that does not fit`)
    if (!isProviders) problems.push(`${what} a signature of the provider that does not fit`)
    return problems
  })
}

interface Content {
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

// However old it is by now: it was looked at when it came in.
const isOfProvider = (integration: Integration, content: Content): boolean => {
  const secret = secretOf(integration)
  return integration.provider === "hmac"
    ? content.headers["x-signature"] === createHmac("sha256", secret).update(content.bytes).digest("hex")
    : isStandard(secret, "webhook", content)
}

const timestampOf = (names: string, { headers }: Content): number => Number(headers[`${names}-timestamp`]) * 1_000

const isStandard = (secret: string | undefined, names: string, content: Content): boolean => {
  const { bytes, headers } = content
  const signatures = headers[`${names}-signature`]?.split(" ") ?? []
  const timestamp = timestampOf(names, content)
  if (secret === undefined || Number.isNaN(timestamp)) return false
  // The library takes every body for text.
  if (!isUtf8(bytes)) return signatures.length > 0
  return signatures.includes(new Webhook(secret).sign(headers[`${names}-id`] ?? "", new Date(timestamp), bytes))
}
