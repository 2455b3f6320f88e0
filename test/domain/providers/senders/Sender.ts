import { createHmac } from "node:crypto"
import type { ProviderId } from "../../../../src/domain/providers/Providers.ts"

/** A provider as its own page describes it, in code that has nothing in common with the verifier. */
export interface Sender {
  readonly provider: ProviderId
  readonly secret: string
  readonly otherSecret: string
  readonly body: string
  /** The header that carries the signature, and is the whole proof. */
  readonly carries: string
  /** The headers of a request that is signed at a moment, in milliseconds. */
  readonly headers: (secret: string, body: string, at: number) => Readonly<Record<string, string>>
  /** How many seconds old, and how many ahead, a request may be; none where nothing signed tells the time. */
  readonly tolerance?: readonly [old: number, ahead: number]
  /** Where the time stands in the body: the body of a moment. */
  readonly bodyAt?: (at: number) => string
  /** Whether the body is proven; a token proves the sender alone. */
  readonly provesBody: boolean
  readonly dedupeKey: string | "hash"
  readonly type: string | null
}

export const hmac = (key: string | Buffer, content: string, encoding: "hex" | "base64", algorithm = "sha256") =>
  createHmac(algorithm, key).update(content).digest(encoding)

/** A moment as most providers write it: whole seconds. */
export const unix = (at: number) => String(Math.floor(at / 1_000))

/** Secrets that are used as they stand. */
export const text: Pick<Sender, "secret" | "otherSecret" | "provesBody"> = {
  secret: "c2VjcmV0OiBpdCBsb29rcyBsaWtlIGJhc2U2NA==",
  otherSecret: "another: secret",
  provesBody: true
}
