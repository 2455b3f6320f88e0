import { Array, Either, Option, Schema } from "effect"
import { createHash } from "node:crypto"
import { HeaderName } from "../Headers.ts"
import * as JsonPath from "../JsonPath.ts"
import type { Request } from "./Request.ts"
import { type Composite, type Scheme, signsUrl } from "./Scheme.ts"
import * as Signature from "./Signature.ts"
import { find, type Place, placeOf } from "./Source.ts"

/** An integration's own choice of where a name stands, before the scheme's. */
export const Override = Schema.Union(
  Schema.Struct({ header: HeaderName }),
  Schema.Struct({ jsonPath: JsonPath.JsonPath })
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
  const place = placeIn(scheme, request)
  const own = (override: Option.Option<Override>) =>
    override.pipe(
      Option.flatMap((_) => "header" in _ ? request.header(_.header) : request.jsonText(_.jsonPath)),
      Option.filter(notEmpty)
    )
  const id = Option.orElse(own(overrides.dedupe), () => firstComplete(scheme.dedupe, ":", place))
  return {
    providerEventId: Option.map(id, clean),
    dedupeKey: Option.match(id, { onNone: () => unnamed(scheme, request), onSome: keyed }),
    type: Option.map(Option.orElse(own(overrides.type), () => firstComplete(scheme.type, ".", place)), clean)
  }
}

/**
 * Names the events that a webhook was split into. What names the whole webhook, such as a header, is the key of none of
 * them, and neither are bytes that come twice: such keys get the event's bytes and its place among equals added.
 */
export const nameEach = (
  scheme: Scheme,
  overrides: Overrides,
  whole: Request,
  requests: Array.NonEmptyReadonlyArray<Request>
): Array.NonEmptyReadonlyArray<Names> => {
  const ofWhole = name(scheme, overrides, whole).providerEventId
  const seen = new Map<string, number>()
  return Array.map(requests, (request) => {
    const names = name(scheme, overrides, request)
    const isItsOwn = Option.isSome(names.providerEventId) &&
      !Option.contains(ofWhole, names.providerEventId.value)
    if (isItsOwn) return names
    const key = `${names.dedupeKey}@sha256:${sha256(request.body)}`
    const place = (seen.get(key) ?? 0) + 1
    seen.set(key, place)
    return { ...names, dedupeKey: `${key}#${place}` }
  })
}

const firstComplete = (
  alternatives: ReadonlyArray<Composite>,
  separator: string,
  place: Place
): Option.Option<string> =>
  Option.firstSomeOf(
    alternatives.map((composite) =>
      Option.all(composite.map((source) => Option.filter(find(source, place), notEmpty))).pipe(
        Option.map((texts) => texts.map((text) => texts.length === 1 ? text : escape(text, separator)).join(separator))
      )
    )
  )

// Where the URL is signed, it tells webhooks apart too.
const unnamed = (scheme: Scheme, request: Request): string => {
  const mark = signsUrl(scheme) ? request.url.indexOf("?") : -1
  const hash = mark < 0
    ? sha256(request.body)
    : sha256(Buffer.concat([Buffer.from(`${request.url.slice(mark)}\n`), request.body]))
  return scheme.unnamed === "moment" ? `sha256:${hash}@${request.receivedAt}` : `sha256:${hash}`
}

const notEmpty = (text: string): boolean => text !== ""

// Several events in one request are named by none of them.
const placeIn = (scheme: Scheme, request: Request): Place => ({
  ...placeOf(request),
  item: scheme.only.pipe(
    Option.flatMap((path) => Option.flatMap(request.json, (document) => JsonPath.get(document, path))),
    Option.flatMap((items) =>
      Array.isArray(items) && items.length === 1 ? Option.some<unknown>(items[0]) : Option.none()
    )
  ),
  parts: partsIn(scheme, request)
})

const partsIn = ({ proofs: [proof] }: Scheme, request: Request): Place["parts"] =>
  "form" in proof
    ? Either.match(Signature.carried(proof.at, placeOf(request)), {
      onLeft: () => new Map(),
      onRight: (value) => Signature.parts(proof.form, value)
    })
    : new Map()

// Without it ("a:b", "c") and ("a", "b:c") would be one key.
const escape = (text: string, separator: string): string =>
  separator === ":" ? text.replaceAll("%", "%25").replaceAll(":", "%3A") : text

// PostgreSQL keeps no NUL in text and no index entry beyond 2,704 bytes.
const unfit = /[^\u0020-\u007e\u00a0-\ud7ff\ue000-\uffff]/g

const clean = (text: string): string => text.replace(unfit, "?").slice(0, maxLength)

// As UTF-8 all lone surrogates would be one.
const keyed = (id: string): string => clean(id) === id ? id : `id-sha256:${sha256(Buffer.from(id, "utf16le"))}`

const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")
