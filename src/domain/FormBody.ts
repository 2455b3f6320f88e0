import { Option } from "effect"
import * as Headers from "./Headers.ts"

/** Names and values of a form, each name with every value that was sent, in order. */
export type Form = ReadonlyMap<string, ReadonlyArray<string>>

/** No provider sends more fields; reading many more than that costs time before anything is believed. */
const maxFields = 2_000

/** Fields written as `name=value&…`; none when there are more than 2,000 of them. */
export const fields = (text: string): Option.Option<Form> => {
  const pairs = text.split("&", maxFields + 1)
  if (pairs.length > maxFields) return Option.none()
  const form = new Map<string, Array<string>>()
  // A question mark at the beginning would be dropped.
  for (const [name, value] of new URLSearchParams(`&${text}`)) {
    const values = form.get(name)
    if (values === undefined) form.set(name, [value])
    else values.push(value)
  }
  return Option.some(form)
}

/** The fields of a body that says it is a form; of an empty body, no fields. */
export const parse = (headers: Headers.Headers, body: Uint8Array): Option.Option<Form> =>
  body.byteLength === 0 || Option.exists(Headers.single(headers, "content-type"), isForm)
    ? fields(decoder.decode(body))
    : Option.none()

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const isForm = (type: string): boolean => /^application\/x-www-form-urlencoded *(?:;|$)/i.test(type)
