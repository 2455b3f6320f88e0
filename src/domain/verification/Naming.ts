import { Either, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { HeaderName } from "../Headers.ts"
import { JsonPath } from "../JsonPath.ts"
import type { Request } from "./Request.ts"
import type { Composite, Scheme, Source } from "./Scheme.ts"
import * as Signature from "./Signature.ts"
import { find, finder } from "./Verifier.ts"

/** An integration's own choice of where a name stands, before the scheme's. */
export const Override = Schema.Union(
  Schema.Struct({ header: HeaderName }),
  Schema.Struct({ jsonPath: JsonPath })
)
export type Override = typeof Override.Type

export interface Names {
  /** The provider's own id of the delivery, where it sends one. */
  readonly providerEventId: Option.Option<string>
  /** Unique within the integration for each webhook, the same for each copy of it. */
  readonly dedupeKey: string
  readonly type: Option.Option<string>
}

export interface Overrides {
  readonly dedupe: Option.Option<Override>
  readonly type: Option.Option<Override>
}

const maxLength = 200

/** Names an event: from the integration's override, else the scheme's alternatives, else (the key) the body's hash. */
export const name = (scheme: Scheme, overrides: Overrides, request: Request): Names => {
  const own = (override: Option.Option<Override>) =>
    override.pipe(
      Option.flatMap((_) => "header" in _ ? request.header(_.header) : request.jsonText(_.jsonPath)),
      Option.filter(notEmpty)
    )
  const id = Option.orElse(own(overrides.dedupe), () => firstComplete(scheme, scheme.dedupe, ":", request))
  return {
    providerEventId: Option.map(id, clean),
    dedupeKey: Option.match(id, { onNone: () => `sha256:${sha256(request.body)}`, onSome: keyed }),
    type: Option.map(
      Option.orElse(own(overrides.type), () => firstComplete(scheme, scheme.type, ".", request)),
      clean
    )
  }
}

const firstComplete = (
  scheme: Scheme,
  alternatives: ReadonlyArray<Composite>,
  separator: string,
  request: Request
): Option.Option<string> => {
  const value = finderOf(scheme, request)
  return Option.firstSomeOf(
    alternatives.map((composite) =>
      Option.all(composite.map((source) => Option.filter(value(source), notEmpty))).pipe(
        Option.map((texts) => texts.map((text) => texts.length === 1 ? text : escape(text, separator)).join(separator))
      )
    )
  )
}

const notEmpty = (text: string): boolean => text !== ""

const finderOf = ({ signature }: Scheme, request: Request) =>
  signature._tag === "Hmac"
    ? finder(signature, Either.getOrElse(Signature.header(signature.headers, request), () => ""), request)
    : (source: Source) => find(source, request)

// Without it ("a:b", "c") and ("a", "b:c") would be one key.
const escape = (text: string, separator: string): string =>
  separator === ":" ? text.replaceAll("%", "%25").replaceAll(":", "%3A") : text

// PostgreSQL keeps no NUL in text and no index entry beyond 2,704 bytes.
const unfit = /[^\u0020-\u007e\u00a0-\ud7ff\ue000-\uffff]/g

const clean = (text: string): string => text.replace(unfit, "?").slice(0, maxLength)

// As UTF-8 all lone surrogates would be one.
const keyed = (id: string): string => clean(id) === id ? id : `id-sha256:${sha256(Buffer.from(id, "utf16le"))}`

const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")
