import { Either, Option } from "effect"
import { crc32 } from "node:zlib"
import * as JsonPath from "../JsonPath.ts"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Request } from "./Request.ts"
import { describe, find, isThere, type Place, type Source } from "./Source.ts"
import type { Name, Template } from "./Template.ts"

type Piece = string | Uint8Array

/** What a signature's own place tells of what is signed. */
export interface Known {
  readonly timestamp: string
  readonly id: string
  readonly secret: string
}

/** What is signed, filled from the request. */
export const fill = (
  template: Template,
  place: Place,
  known: Known
): Either.Either<ReadonlyArray<Piece>, Refusal> => {
  const pieces: Array<Piece> = []
  for (const part of template.parts) {
    switch (part._tag) {
      case "Text":
        pieces.push(part.text)
        break
      case "Lines":
        for (const name of part.members) {
          const value = placed({ json: JsonPath.member(name) }, true, place)
          if (Either.isLeft(value)) return Either.left(value.left)
          if (Option.isSome(value.right)) pieces.push(`${name}\n${value.right.value}\n`)
        }
        break
      case "Placed": {
        const value = placed(part.source, part.orEmpty, place)
        if (Either.isLeft(value)) return Either.left(value.left)
        pieces.push(Option.getOrElse(value.right, () => ""))
        break
      }
      case "Named": {
        const value = named(part.name, place.request, known)
        if (Option.isNone(value)) return missing(`The request has no ${part.name}, which is signed.`)
        pieces.push(value.value)
      }
    }
  }
  return Either.right(pieces)
}

/** What stands there; none only where nothing was sent and nothing need be. */
const placed = (
  source: Source,
  mayBeMissing: boolean,
  place: Place
): Either.Either<Option.Option<string>, Refusal> => {
  const value = find(source, place)
  return Option.isSome(value) || mayBeMissing && !isThere(source, place)
    ? Either.right(value)
    : missing(`The ${describe(source)} is signed, but was not sent, not once, or not as text.`)
}

const missing = (detail: string) => refuse("signed_value_missing", detail)

const named = (name: Name, request: Request, known: Known): Option.Option<Piece> => {
  switch (name) {
    case "raw":
      return Option.some(request.body)
    case "method":
      return Option.some(request.method)
    case "url":
      return Option.some(request.url)
    case "url:port":
      return withPort(request.url)
    case "url:no-port":
      return withoutPort(request.url)
    case "url:unescaped":
      return Option.liftPredicate(unescaped(request.url), (url) => url !== request.url)
    case "crc32":
      return Option.some(String(crc32(request.body)))
    case "sorted-form":
      return sortedForm(request)
    default:
      return Option.some(known[name])
  }
}

const origin = /^(https?):\/\/([^/?#]+)/i

const withPort = (url: string): Option.Option<string> => {
  const [start = "", scheme = "", authority = ""] = origin.exec(url) ?? []
  if (start === "" || /:\d+$/.test(authority)) return Option.none()
  return Option.some(`${start}:${scheme.toLowerCase() === "https" ? 443 : 80}${url.slice(start.length)}`)
}

const withoutPort = (url: string): Option.Option<string> => {
  const [start = ""] = origin.exec(url) ?? []
  const bare = start.replace(/:\d+$/, "")
  return bare === start ? Option.none() : Option.some(bare + url.slice(start.length))
}

// Those that HubSpot's documentation names.
const escapes = /%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi

const unescaped = (url: string): string => url.replace(escapes, (escape) => decodeURIComponent(escape))

const sortedForm = (request: Request): Option.Option<string> =>
  Option.map(
    request.form,
    (fields) =>
      [...fields].toSorted(([one], [other]) => one < other ? -1 : 1).map(([name, values]) =>
        [...new Set(values)].toSorted().map((value) => name + value).join("")
      ).join("")
  )
