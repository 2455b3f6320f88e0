import { Array, Option, Record, Schema } from "effect"
import { HeaderName } from "../Headers.ts"
import * as JsonPath from "../JsonPath.ts"
import { type Request, textAt } from "./Request.ts"

/**
 * Where a value of a request stands: a header, a field of its query or of its form, a path into its JSON body, a path into
 * one element of a batch, or a named part of the signature's own list (`t` in `t=1,v1=…`).
 */
export const Source = Schema.Union(
  Schema.Struct({ header: HeaderName }),
  Schema.Struct({ query: Schema.NonEmptyString }),
  Schema.Struct({ form: Schema.NonEmptyString }),
  Schema.Struct({ json: JsonPath.JsonPath }),
  Schema.Struct({ item: JsonPath.JsonPath }),
  Schema.Struct({ part: Schema.NonEmptyString })
)
export type Source = typeof Source.Type

/** Where sources are looked up. */
export interface Place {
  readonly request: Request
  /** The element of the batch that is looked at. */
  readonly item: Option.Option<unknown>
  /** The named parts of the signature, each with all its values. */
  readonly parts: ReadonlyMap<string, ReadonlyArray<string>>
}

/** A place that is no more than its request. */
export const placeOf = (request: Request): Place => ({ request, item: Option.none(), parts: new Map() })

/** Every value that was sent there. */
export const values = (source: Source, { item, parts, request }: Place): ReadonlyArray<string> => {
  if ("header" in source) return Option.getOrElse(Record.get(request.headers, source.header), () => [])
  if ("query" in source) return fieldOf(request.query, source.query)
  if ("form" in source) return fieldOf(request.form, source.form)
  if ("json" in source) return Option.toArray(request.jsonText(source.json))
  if ("item" in source) return Option.toArray(Option.flatMap(item, textAt(source.item)))
  // The first counts, as the providers' own libraries have it.
  return Array.take(parts.get(source.part) ?? [], 1)
}

const fieldOf = (form: Request["form"], name: string): ReadonlyArray<string> =>
  Option.match(form, { onNone: () => [], onSome: (fields) => fields.get(name) ?? [] })

/** The only value that was sent there; none when there is none, or more than one. */
export const find = (source: Source, place: Place): Option.Option<string> => {
  const found = values(source, place)
  return found.length === 1 ? Array.head(found) : Option.none()
}

/** Whether anything was sent there, text or not; JSON's null is nothing. */
export const isThere = (source: Source, place: Place): boolean => {
  if ("json" in source) return Option.exists(place.request.json, isValueAt(source.json))
  if ("item" in source) return Option.exists(place.item, isValueAt(source.item))
  return values(source, place).length > 0
}

const isValueAt = (path: JsonPath.JsonPath) => (document: unknown): boolean =>
  Option.exists(JsonPath.get(document, path), (value) => value !== null)

/** The source in words, for a person. */
export const describe = (source: Source): string => {
  if ("header" in source) return `header ${source.header}`
  if ("query" in source) return `query parameter ${source.query}`
  if ("form" in source) return `form field ${source.form}`
  if ("json" in source) return `value at ${source.json.text} of its body`
  if ("item" in source) return `value at ${source.item.text} of each element`
  return `part "${source.part}" in its signature`
}
