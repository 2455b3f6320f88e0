import { Array, Option } from "effect"
import { sign } from "./JsonBody.ts"
import * as JsonPath from "./JsonPath.ts"

/** What one body may become. */
export interface Bounds {
  readonly items: number
  /** Of all together. */
  readonly bytes: number
}

/**
 * The bodies that a JSON body falls into, one for each element of the list at the path: the same bytes, without the other
 * elements. `document` is what the body holds. None when there is no such list of at least two, or when they would be more
 * or larger than they may.
 */
export const split = (
  body: Uint8Array,
  document: unknown,
  path: JsonPath.JsonPath,
  bounds: Bounds
): Option.Option<Array.NonEmptyReadonlyArray<Uint8Array>> => {
  const isList = (value: unknown) => Array.isArray(value) && value.length >= 2 && value.length <= bounds.items
  if (!Option.exists(JsonPath.get(document, path), isList)) return Option.none()
  const start = placeOf(body, path.keys)
  if (body[start] !== sign.openBracket) return Option.none()
  const end = valueEnd(body, start)
  const spans = [...elements(body, start)]
  const around = body.byteLength - (end - start) + 2
  const bytes = spans.reduce((sum, [from, to]) => sum + around + to - from, 0)
  if (!Array.isNonEmptyArray(spans) || bytes > bounds.bytes) return Option.none()
  return Option.some(
    Array.map(
      spans,
      ([from, to]) => Buffer.concat([body.subarray(0, start + 1), body.subarray(from, to), body.subarray(end - 1)])
    )
  )
}

type Span = readonly [from: number, to: number]

/** Where the value at the keys begins, which is there. */
const placeOf = (body: Uint8Array, keys: ReadonlyArray<string>): number => {
  let at = blanks(body, hasMark(body) ? mark.length : 0)
  for (const key of keys) at = body[at] === sign.openBrace ? valueOf(body, at, key) : elementOf(body, at, Number(key))
  return at
}

const elementOf = (body: Uint8Array, open: number, index: number): number => {
  let at = blanks(body, open + 1)
  for (let left = index; left > 0; left -= 1) at = next(body, valueEnd(body, at))
  return at
}

// Of members with one name the last counts, as for JSON.parse.
const valueOf = (body: Uint8Array, open: number, name: string): number => {
  let found = open
  for (let at = blanks(body, open + 1); body[at] === sign.quote;) {
    const nameEnd = textEnd(body, at)
    const value = blanks(body, blanks(body, nameEnd) + 1)
    if (JSON.parse(Buffer.from(body.subarray(at, nameEnd)).toString()) === name) found = value
    at = next(body, valueEnd(body, value))
  }
  return found
}

function* elements(body: Uint8Array, open: number): Generator<Span> {
  for (let at = blanks(body, open + 1); body[at] !== sign.closeBracket;) {
    const end = valueEnd(body, at)
    yield [at, end]
    at = next(body, end)
  }
}

/** The beginning of what follows a value and its comma, or the bracket that closes. */
const next = (body: Uint8Array, end: number): number => {
  const at = blanks(body, end)
  return body[at] === sign.comma ? blanks(body, at + 1) : at
}

const valueEnd = (body: Uint8Array, start: number): number => {
  let depth = 0
  let at = start
  do {
    switch (body[at]) {
      case sign.quote:
        at = textEnd(body, at)
        continue
      case sign.openBrace:
      case sign.openBracket:
        depth += 1
        break
      case sign.closeBrace:
      case sign.closeBracket:
        depth -= 1
        break
      default:
        if (depth === 0) return plainEnd(body, at)
    }
    at += 1
  } while (depth > 0)
  return at
}

const textEnd = (body: Uint8Array, quote: number): number => {
  let at = quote + 1
  while (body[at] !== sign.quote) at += body[at] === sign.backslash ? 2 : 1
  return at + 1
}

// A number, or one of the three words.
const plainEnd = (body: Uint8Array, start: number): number => {
  let at = start
  while (at < body.byteLength && !ends.has(body[at] ?? 0)) at += 1
  return at
}

const blanks = (body: Uint8Array, start: number): number => {
  let at = start
  while (blank.has(body[at] ?? 0)) at += 1
  return at
}

const mark = [0xef, 0xbb, 0xbf]
const hasMark = (body: Uint8Array): boolean => mark.every((byte, index) => body[index] === byte)

const blank = new Set([0x20, 0x09, 0x0a, 0x0d])
const ends = new Set([...blank, sign.comma, sign.closeBracket, sign.closeBrace])
